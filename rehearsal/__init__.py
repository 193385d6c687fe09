"""The same bot in a simulated Discord, shown as a local web page, for trying it without a token."""
