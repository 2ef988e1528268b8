"use strict";
(() => {
  const graph = JSON.parse(document.getElementById("graph").textContent);
  const get = (id) => document.getElementById(id);
  const pane = get("pane"), list = get("list"), detail = get("detail"), search = get("search");
  const svg = pane.querySelector("svg");
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const drawn = new Map([...svg.querySelectorAll(".node")].map((one) => [one.dataset.id, one]));
  const wires = [...svg.querySelectorAll(".wire")];
  const rows = new Map();
  const words = new Map(graph.nodes.map((node) => [node.id, [
    node.id, node.title, node.description, node.reason, ...node.files].join("\n").toLowerCase()]));
  const GONE = ["superseded", "abandoned"];
  const BACK = {
    leads_to: "comes from", chosen: "chosen by", rejected: "rejected by", requires: "required by",
    blocks: "blocked by", enables: "enabled by", supersedes: "superseded by", supports: "supported by",
    revises: "revised by", summarizes: "summarized by",
  };
  const view = { x: 0, y: 0, scale: 1 };
  let selected = "";

  function make(name, text, className) {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    if (className) element.className = className;
    return element;
  }

  function time(seconds) {
    const at = new Date(seconds * 1000), two = (number) => String(number).padStart(2, "0");
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
  }

  /* what is shown */

  function boxes(group, values) {
    for (const value of values) {
      const label = make("label"), box = make("input");
      box.type = "checkbox"; box.checked = true; box.value = value;
      box.addEventListener("change", narrow);
      label.append(box, make("span", value));
      get(group).append(label);
    }
  }

  function ticked(group) {
    return new Set([...get(group).querySelectorAll("input:checked")].map((box) => box.value));
  }

  function narrow() {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kinds = ticked("kinds"), statuses = ticked("statuses");
    let count = 0;
    for (const node of graph.nodes) {
      const text = words.get(node.id);
      const fits = kinds.has(node.kind) && statuses.has(node.status) && wanted.every((word) => text.includes(word));
      rows.get(node.id).hidden = !fits;
      drawn.get(node.id)?.classList.toggle("off", !fits);
      count += fits ? 1 : 0;
    }
    const off = (id) => rows.get(id)?.hidden;
    for (const wire of wires) wire.classList.toggle("off", Boolean(off(wire.dataset.from) || off(wire.dataset.to)));
    get("none").hidden = count > 0;
    get("count").textContent = count === graph.nodes.length ? `${count} nodes` : `${count} of ${graph.nodes.length}`;
    get("filters").classList.toggle("narrowed", Boolean(document.querySelector("#filters input:not(:checked)")));
    remember();
  }

  function timeline() {
    const inOrder = [...graph.nodes].sort((one, other) => one.created - other.created);
    for (const node of inOrder) {
      const item = make("li", "", GONE.includes(node.status) ? "gone" : ""), button = make("button"), small = make("small");
      button.type = "button"; button.dataset.id = node.id;
      const status = node.failed ? " · failed" : node.status === "active" ? "" : ` · ${node.status}`;
      small.append(make("span", `${node.kind} ${node.id}${status}`, `swatch ${node.kind}`), make("time", time(node.created)));
      button.append(small, make("span", node.title, "title"));
      button.addEventListener("click", () => select(node.id, true));
      item.append(button);
      rows.set(node.id, item);
      list.append(item);
    }
  }

  /* one node in full */

  function section(name, ...parts) {
    if (parts.length) detail.append(make("h3", name), ...parts);
  }

  function link(id) {
    const node = byId.get(id), button = make("button", `${id} ${node ? node.title : ""}`, "link");
    button.type = "button";
    button.addEventListener("click", () => select(id, true));
    return button;
  }

  function edges(node) {
    const items = [];
    for (const edge of graph.edges) {
      if (edge.from !== node.id && edge.to !== node.id) continue;
      const out = edge.from === node.id, item = make("li");
      item.append(make("span", `${out ? edge.type.replace("_", " ") : BACK[edge.type] ?? edge.type} `), link(out ? edge.to : edge.from));
      if (edge.reason) item.append(make("span", edge.reason, "why"));
      items.push(item);
    }
    return items;
  }

  function facts(node) {
    const known = {
      status: node.status, reason: node.reason, confidence: node.confidence === null ? "" : `${node.confidence} %`,
      failed: node.failed ? "yes" : "", files: node.files.join("\n"), branch: node.branch, commit: node.commit,
      "made by": [node.author, node.agent].filter(Boolean).join(", "), session: node.session, task: node.task,
      created: time(node.created), changed: node.updated === node.created ? "" : time(node.updated),
      messages: node.messages.join("\n"), keepers: node.keepers.join(", "), "change id": node.change_id,
    };
    const table = make("dl");
    for (const [name, value] of Object.entries(known)) {
      if (!value) continue;
      const cell = make("dd");
      value.split("\n").forEach((line, at) => cell.append(...(at ? [make("br")] : []), line));
      table.append(make("dt", name), cell);
    }
    return table;
  }

  function tell(node) {
    const head = make("div", "", "head"), shut = make("button", "×", "shut");
    shut.type = "button"; shut.setAttribute("aria-label", "Close"); shut.addEventListener("click", () => select(""));
    head.append(make("span", `${node.kind} ${node.id}`), shut);
    detail.replaceChildren(head, make("h2", node.title));
    if (node.description) detail.append(make("p", node.description));
    detail.append(facts(node));
    const joined = edges(node);
    if (joined.length) { const all = make("ul"); all.append(...joined); section("Edges", all); }
    if (node.prompt) section("Asked for, word for word", make("pre", node.prompt));
    detail.hidden = false;
    detail.scrollTop = 0;
  }

  function select(id, move) {
    selected = byId.has(id) ? id : "";
    for (const [one, group] of drawn) group.classList.toggle("selected", one === selected);
    for (const [one, row] of rows) row.firstChild.setAttribute("aria-current", String(one === selected));
    for (const wire of wires) wire.classList.toggle("near", selected !== "" && [wire.dataset.from, wire.dataset.to].includes(selected));
    if (selected) {
      tell(byId.get(selected));
      rows.get(selected).scrollIntoView({ block: "nearest" });
      if (move) show(selected);
    } else {
      detail.hidden = true;
      detail.replaceChildren();
    }
    remember();
  }

  function step(by) {
    const shown = [...list.children].filter((row) => !row.hidden).map((row) => row.firstChild.dataset.id);
    if (!shown.length) return;
    const at = shown.indexOf(selected);
    const next = shown[at < 0 ? (by > 0 ? 0 : shown.length - 1) : Math.min(Math.max(at + by, 0), shown.length - 1)];
    select(next, true);
    rows.get(next).firstChild.focus({ preventScroll: true });
  }

  /* the picture */

  function place() {
    svg.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
  }

  function size() {
    return [svg.width.baseVal.value, svg.height.baseVal.value];
  }

  function fit() {
    const [width, height] = size(), room = pane.getBoundingClientRect();
    view.scale = Math.min(room.width / width, room.height / height, 1.25);
    view.x = (room.width - width * view.scale) / 2;
    view.y = Math.max((room.height - height * view.scale) / 2, 0);
    place();
  }

  function begin() {
    fit();
    const first = graph.nodes.find((node) => node.kind === "goal" && node.status === "active") ?? graph.nodes[0];
    if (view.scale < 0.3 && first) { view.scale = 0.6; show(first.id, 0.2); }
  }

  function zoom(by, x, y) {
    const scale = Math.min(Math.max(view.scale * by, 0.04), 6), room = pane.getBoundingClientRect();
    const px = x ?? room.width / 2, py = y ?? room.height / 2;
    view.x = px - (px - view.x) * scale / view.scale;
    view.y = py - (py - view.y) * scale / view.scale;
    view.scale = scale;
    place();
  }

  function show(id, down = 0.5) {
    const group = drawn.get(id);
    if (!group) return;
    const box = group.getBBox(), room = pane.getBoundingClientRect();
    view.scale = Math.max(view.scale, down === 0.5 ? 0.85 : 0);
    view.x = room.width / 2 - (box.x + box.width / 2) * view.scale;
    view.y = room.height * down - (box.y + box.height / 2) * view.scale;
    place();
  }

  const held = new Map();
  let moved = 0;

  function spread() {
    const [one, other] = [...held.values()];
    return Math.hypot(one.x - other.x, one.y - other.y);
  }

  pane.addEventListener("pointerdown", (event) => {
    held.set(event.pointerId, { x: event.clientX, y: event.clientY });
    moved = 0;
  });
  pane.addEventListener("pointermove", (event) => {
    const last = held.get(event.pointerId);
    if (!last) return;
    const room = pane.getBoundingClientRect(), before = held.size === 2 ? spread() : 0;
    const dx = event.clientX - last.x, dy = event.clientY - last.y;
    held.set(event.pointerId, { x: event.clientX, y: event.clientY });
    moved += Math.abs(dx) + Math.abs(dy);
    if (moved > 4 && !pane.classList.contains("held")) {
      pane.classList.add("held");
      pane.setPointerCapture(event.pointerId);
    }
    if (held.size === 2 && before) {
      const [one, other] = [...held.values()];
      zoom(spread() / before, (one.x + other.x) / 2 - room.left, (one.y + other.y) / 2 - room.top);
    } else if (held.size === 1) {
      view.x += dx; view.y += dy;
      place();
    }
  });
  for (const name of ["pointerup", "pointercancel"]) {
    pane.addEventListener(name, (event) => { held.delete(event.pointerId); pane.classList.remove("held"); });
  }
  pane.addEventListener("click", (event) => {
    if (moved > 4) return;
    const group = event.target.closest(".node");
    select(group ? group.dataset.id : "");
  });
  pane.addEventListener("wheel", (event) => {
    event.preventDefault();
    const room = pane.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX - room.left, event.clientY - room.top);
  }, { passive: false });

  /* keys and the address */

  function pan(x, y) { view.x += x; view.y += y; place(); }

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input[type=search]"), onPane = document.activeElement === pane;
    const moves = onPane
      ? { ArrowLeft: () => pan(60, 0), ArrowRight: () => pan(-60, 0), ArrowUp: () => pan(0, 60), ArrowDown: () => pan(0, -60) }
      : { ArrowUp: () => step(-1), ArrowDown: () => step(1) };
    const always = { Escape: close, ...(typing || !onPane && event.target.matches("input") ? {} : moves) };
    const plain = { "/": () => { search.focus(); search.select(); }, "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: fit };
    const act = always[event.key] ?? (typing ? { ArrowDown: () => step(1) }[event.key] : plain[event.key]);
    if (act) { event.preventDefault(); act(); }
  }

  function close() {
    if (get("filters").open) get("filters").open = false;
    else if (selected) select("");
    else if (search.value) { search.value = ""; narrow(); }
  }

  let started = false;

  function remember() {
    if (!started) return;
    const kept = new URLSearchParams();
    if (search.value) kept.set("search", search.value);
    if (selected) kept.set("node", selected);
    for (const group of ["kinds", "statuses"]) {
      const hidden = [...get(group).querySelectorAll("input:not(:checked)")].map((box) => box.value);
      if (hidden.length) kept.set(`no-${group}`, hidden.join(","));
    }
    const text = kept.toString();
    if (text !== location.hash.slice(1)) history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  }

  function recall() {
    started = false;
    const kept = new URLSearchParams(location.hash.slice(1));
    search.value = kept.get("search") ?? "";
    for (const group of ["kinds", "statuses"]) {
      const hidden = (kept.get(`no-${group}`) ?? "").split(",");
      for (const box of get(group).querySelectorAll("input")) box.checked = !hidden.includes(box.value);
    }
    narrow();
    select(kept.get("node") ?? "", true);
    started = true;
  }

  boxes("kinds", [...new Set(graph.nodes.map((node) => node.kind))]);
  boxes("statuses", [...new Set(graph.nodes.map((node) => node.status))]);
  timeline();
  search.addEventListener("input", narrow);
  get("closer").addEventListener("click", () => zoom(1.25));
  get("wider").addEventListener("click", () => zoom(0.8));
  get("fit").addEventListener("click", fit);
  document.addEventListener("keydown", key);
  window.addEventListener("hashchange", recall);
  window.addEventListener("resize", () => { if (!selected) fit(); });
  begin();
  recall();
})();
