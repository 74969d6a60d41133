// The figures of an open page follow the server's: on each event the page is asked for again, and what differs is put in
// the place of what stood there. Rows stay where they are; that others came is only said, and the reader chooses.
"use strict";
(() => {
  const news = document.getElementById("news");
  const reload = document.getElementById("news-reload");
  const words = document.getElementById("news-words").dataset;
  const QUIET = 10000; // what is read out changes at most so often, in ms
  const PATIENCE = 15000;
  let source = null, spoken = 0, later = 0, lost = 0, asking = false, again = false;

  function say(text) {
    clearTimeout(later);
    if (news.textContent === text) return;
    const wait = spoken + QUIET - Date.now();
    if (wait > 0) { later = setTimeout(() => say(text), wait); return; }
    spoken = Date.now();
    news.textContent = text;
  }

  const rows = (page) => [...page.querySelectorAll("[data-row]")].map((row) => row.dataset.row).join("\n");

  function put(fresh) {
    const now = new Map([...fresh.querySelectorAll("[data-live]")].map((node) => [node.dataset.live, node]));
    let other = rows(document) !== rows(fresh);
    for (const old of document.querySelectorAll("[data-live]")) {
      const node = now.get(old.dataset.live);
      if (!node) { other = true; continue; }
      now.delete(old.dataset.live);
      if (old.isEqualNode(node)) continue;
      old.className = node.className;
      for (const name of ["value", "max"]) if (node.hasAttribute(name)) old.setAttribute(name, node.getAttribute(name));
      old.replaceChildren(...node.childNodes);
    }
    other = other || now.size > 0;
    reload.hidden = !other;
    const big = document.querySelector(".big p");
    say([other ? words.changed : "", big ? big.textContent.replace(/\s+/g, " ").trim() : ""].join(" ").trim());
  }

  async function ask() {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store", redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 401) { location.reload(); return; }
      if (answer.ok) put(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* the stream tells it too, and comes back by itself */ }
    asking = false;
    if (again) { again = false; ask(); }
  }

  function listen() {
    if (source) return;
    source = new EventSource("events?since=" + encodeURIComponent(document.body.dataset.version));
    source.addEventListener("board", (event) => { document.body.dataset.version = event.lastEventId; ask(); });
    source.onopen = () => clearTimeout(lost);
    source.onerror = () => {
      clearTimeout(lost);
      lost = setTimeout(() => say(words.lost), PATIENCE);
      if (source && source.readyState === EventSource.CLOSED) { source = null; setTimeout(listen, PATIENCE); }
    };
  }

  function hush() {
    if (source) source.close();
    source = null;
    clearTimeout(lost);
  }

  // A browser has few connections to one host, for all tabs together: those nobody looks at give theirs up.
  document.addEventListener("visibilitychange", () => (document.hidden ? hush() : listen()));
  addEventListener("pagehide", hush);
  if (!document.hidden) listen();
})();
