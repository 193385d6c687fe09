"""What the operator does on the machine itself: settings, trying the content, taking out, forgetting."""
