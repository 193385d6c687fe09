// Keeps the clock and the list of channels up to date. Without it the page does the same when it is loaded again.
const SECONDS = 5;

async function update() {
  const answer = await fetch("/", { cache: "no-store" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const shown of document.querySelectorAll("[data-live]")) {
    const newer = fresh.querySelector(`[data-live="${shown.dataset.live}"]`);
    if (!newer || shown.contains(document.activeElement)) continue;
    for (const { id, open } of shown.querySelectorAll("details")) newer.querySelector(`#${id}`)?.toggleAttribute("open", open);
    if (newer.innerHTML !== shown.innerHTML) shown.innerHTML = newer.innerHTML;
  }
}

setInterval(() => { if (!document.hidden) update().catch(() => {}); }, SECONDS * 1000);
