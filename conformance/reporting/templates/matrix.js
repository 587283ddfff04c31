"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const FILTERS = ["text", "verdict", "on", "level", "topic"];
const SWITCHES = ["differ", "unexpected"];
const FOLD_ABOVE = 60;

// What a cell can be: symbol, word in a cell, colour, and what it means.
const KINDS = {
  "passed": ["✓", "pass", "passed", "the broker keeps the promise"],
  "failed": ["✕", "FAIL", "failed", "the broker breaks the promise"],
  "known deviation": ["≠", "known", "known", "breaks it as expected, with reason and link"],
  "stale deviation": ["≟", "stale", "failed", "listed as a deviation, but it passes"],
  "warned": ["!", "warn", "warned", "breaks what it should or may do"],
  "not applicable": ["–", "n/a", "absent", "not promised by this version, or declared absent"],
  "not run": ["○", "not run", "none", "could not be tested; the reason stands in the cell"],
  "inconclusive": ["?", "unclear", "none", "the test could not decide"],
  "harness error": ["⚙", "kit error", "harness", "a fault of the kit, which says nothing about the broker"],
};
const ATTENTION = new Set(["failed", "stale deviation", "not run", "inconclusive", "harness error"]);

const el = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
};
const kindOf = (cell) => {
  if (cell.deviation && cell.verdict === "failed") return "known deviation";
  if (cell.deviation && cell.verdict === "passed") return "stale deviation";
  return cell.verdict;
};
const styleOf = (kind) => "v-" + kind.replace(/ /g, "-");
const topicOf = (row) => `${row.protocol} ${row.topic}`.replace(/_/g, " ");
const counted = (cells) => {
  const counts = new Map();
  for (const kind of Object.keys(KINDS)) {
    const n = cells.filter((cell) => kindOf(cell) === kind).length;
    if (n) counts.set(kind, n);
  }
  return counts;
};
const bar = (counts) => {
  const total = [...counts.values()].reduce((sum, n) => sum + n, 0);
  return el("div", {className: "bar"}, [...counts].map(([kind, n]) =>
    el("i", {title: `${n} ${kind}`, style: `width:${(100 * n) / total}%;background:var(--${KINDS[kind][2]})`})));
};
const cellsOf = (number, rows) => rows.map((row) => row.cells[number]).filter(Boolean);

function drawTargets() {
  data.columns.forEach((column, number) => {
    const counts = counted(cellsOf(number, data.rows));
    const unexpected = column.summary.unexpected;
    const said = [...counts].map(([kind, n]) => `${n} ${kind}`).join(", ") || "nothing was run";
    const took = column.duration < 100 ? column.duration.toFixed(1) : Math.round(column.duration);
    $("targets").append(el("div", {className: "target"},
      el("b", {textContent: column.name, title: column.name}),
      el("small", {textContent: column.target, title: column.target, className: "mono"}),
      bar(counts),
      el("small", {textContent: said, title: said}),
      el("small", {className: unexpected ? "bad" : "ok",
        textContent: (unexpected ? `${unexpected} unexpected` : "nothing unexpected") + (column.complete ? "" : ", incomplete")}),
      el("small", {textContent: `${column.started.slice(0, 10)}, ${took} s, profile ${column.profile}, seed ${column.seed}`}),
      column.stopped || column.problems.length ? el("details", {},
        el("summary", {textContent: `${column.problems.length + (column.stopped ? 1 : 0)} notes`}),
        [column.stopped, ...column.problems].filter(Boolean).map((text) => el("p", {textContent: text.slice(0, 2000)}))) : null));
  });
}

function drawHead() {
  const head = el("tr", {}, el("th", {textContent: "requirement", scope: "col"}));
  for (const column of data.columns) {
    head.append(el("th", {className: "t", scope: "col", title: `${column.name}: ${column.target}`},
      el("b", {textContent: column.name}), el("span", {textContent: column.target})));
  }
  $("head").append(head);
  $("matrix").className = data.columns.length <= 4 ? "wide" : "";
}

function drawChoices() {
  const offer = (id, values) => values.forEach(([value, text]) => $(id).append(el("option", {value, textContent: text})));
  const same = (values) => [...new Set(values)].map((value) => [value, value]);
  const present = new Set(data.rows.flatMap((row) => Object.values(row.cells).map(kindOf)));
  offer("verdict", same(Object.keys(KINDS).filter((kind) => present.has(kind))));
  offer("on", data.columns.map((column) => [column.key, `${column.name}: ${column.key}`]));
  offer("level", same(["MUST", "SHOULD", "MAY", "EXTENSION"].filter((level) => data.rows.some((row) => row.level === level))));
  offer("topic", same(data.rows.map(topicOf)));
  for (const [kind, [symbol, , , meaning]] of Object.entries(KINDS)) {
    if (present.has(kind)) {
      $("legend").append(el("div", {}, el("dt", {className: `pill ${styleOf(kind)}`, textContent: symbol, style: "padding:1px 0"}),
        el("dd", {}, el("b", {textContent: kind}), `: ${meaning}`)));
    }
  }
}

const filtered = () => FILTERS.some((id) => $(id).value) || SWITCHES.some((id) => $(id).checked);

function matches(row) {
  const all = Object.values(row.cells);
  const column = data.columns.findIndex((candidate) => candidate.key === $("on").value);
  const cells = column < 0 ? all : [row.cells[column]].filter(Boolean);
  const words = $("text").value.toLowerCase().split(/\s+/).filter(Boolean);
  const text = [row.id, row.statement, row.level, ...row.sources, ...row.chapter].join(" ").toLowerCase();
  return words.every((word) => text.includes(word))
    && cells.length > 0
    && (!$("verdict").value || cells.some((cell) => kindOf(cell) === $("verdict").value))
    && (!$("level").value || row.level === $("level").value)
    && (!$("topic").value || topicOf(row) === $("topic").value)
    && (!$("differ").checked || new Set(all.map(kindOf)).size > 1)
    && (!$("unexpected").checked || cells.some((cell) => !cell.expected));
}

const unfolded = new Set();
let folding = data.rows.length > FOLD_ABOVE;

function draw() {
  const rows = data.rows.filter(matches);
  const everything = !folding || filtered();
  const topics = new Map();
  for (const row of rows) topics.set(topicOf(row), [...(topics.get(topicOf(row)) || []), row]);
  const drawn = [];
  for (const [topic, members] of topics) {
    const open = everything || unfolded.has(topic);
    drawn.push(topicRow(topic, members, open));
    if (open) drawn.push(...members.map(requirementRow));
  }
  $("body").replaceChildren(...drawn);
  $("count").textContent = `${rows.length} of ${data.rows.length} requirements`;
  $("empty").hidden = rows.length > 0;
  $("clear").hidden = !filtered();
  $("fold").hidden = filtered();
  $("fold").textContent = folding ? "unfold all" : "fold all";
}

function topicRow(topic, members, open) {
  const button = el("button", {type: "button", textContent: topic, ariaExpanded: String(open)});
  button.onclick = () => {
    if (!folding) data.rows.forEach((row) => unfolded.add(topicOf(row)));
    folding = true;
    unfolded.has(topic) ? unfolded.delete(topic) : unfolded.add(topic);
    draw();
  };
  const tr = el("tr", {className: open ? "topic open" : "topic"}, el("td", {}, button, el("span", {className: "about", textContent: ` ${members.length}`})));
  data.columns.forEach((_, number) => {
    const cells = cellsOf(number, members);
    const counts = counted(cells);
    const asked = cells.length - (counts.get("not applicable") || 0);
    const td = el("td", {className: "sum"});
    if (cells.length) {
      td.append(asked ? `${counts.get("passed") || 0}/${asked}` : "–", bar(counts));
      td.title = [...counts].map(([kind, n]) => `${n} ${kind}`).join(", ");
      if ([...counts.keys()].some((kind) => ATTENTION.has(kind))) td.classList.add("attention");
    }
    tr.append(td);
  });
  return tr;
}

function requirementRow(row) {
  const tr = el("tr", {className: "row"}, el("td", {},
    el("span", {className: "sentence", textContent: row.statement}),
    el("span", {className: "about mono"}, el("span", {className: "level", textContent: row.level}), row.id)));
  tr.dataset.id = row.id;
  data.columns.forEach((column, number) => {
    const cell = row.cells[number];
    const td = el("td", {className: "c"});
    if (cell) {
      const kind = kindOf(cell);
      const button = el("button", {type: "button", className: `cell ${styleOf(kind)}`, title: `${kind} on ${column.name}`},
        KINDS[kind][0], el("small", {textContent: KINDS[kind][1]}));
      button.setAttribute("aria-label", `${row.id} on ${column.key}: ${kind}`);
      button.onclick = () => open(row, number);
      td.append(button);
    }
    tr.append(td);
  });
  return tr;
}

function linked(text) {
  return el("span", {}, text.split(/(https?:\/\/[^\s)]+)/).map((part) =>
    /^https?:/.test(part) ? el("a", {href: part, textContent: part, rel: "noreferrer"}) : part));
}

const block = (title, text) => (text ? [el("h3", {textContent: title}), el("pre", {textContent: text})] : []);

function evidence(test) {
  const section = el("section", {}, el("h3", {textContent: `test: ${test.verdict}`}), el("div", {className: "about mono", textContent: test.test}));
  if (test.expected && test.observed) {
    section.append(el("div", {className: "compared"}, el("div", {}, block("expected", test.expected)),
      el("div", {}, block("observed", test.observed))));
  } else {
    section.append(...block(test.observed ? "observed" : "reason", test.observed || test.reason));
  }
  section.append(...block("smallest failing example", test.example), ...block("traceback of the kit", test.traceback));
  if (test.examples) {
    const [sent, received] = test.octets || [0, 0];
    section.append(el("p", {className: "about", textContent:
      `${test.examples} example${test.examples > 1 ? "s" : ""}; the last one sent ${sent} octets and received ${received}`}));
  }
  section.append(...block("operations of the last example", test.operations.join("\n")));
  if (test.wire.length) section.append(...wire(test));
  return section;
}

function wire(test) {
  const lines = el("div", {className: "wire"});
  for (const [ms, connection, direction, text, hex] of test.wire) {
    lines.append(el("div", {className: direction === ">" ? "out" : "in", textContent:
      `${ms.toFixed(1).padStart(9)} ms #${connection} ${direction} ${text}`}), el("div", {className: "hex", textContent: hex}));
  }
  const box = el("input", {type: "checkbox"});
  box.onchange = () => lines.classList.toggle("octets", box.checked);
  return [el("h3", {textContent: `wire: ${test.wire.length} frames${test.truncated ? ", cut" : ""}`}),
    el("label", {className: "about"}, box, " show the octets"), lines];
}

function again(command) {
  const button = el("button", {type: "button", textContent: "copy"});
  button.onclick = () => navigator.clipboard.writeText(command).then(() => { button.textContent = "copied"; });
  return [el("h3", {textContent: "run it again"}), el("div", {className: "copy"}, el("pre", {textContent: command}), navigator.clipboard ? button : null)];
}

let shown = null;

function open(row, number) {
  const cell = row.cells[number], column = data.columns[number], panel = $("panel"), kind = kindOf(cell);
  shown = {row, number};
  const close = el("button", {type: "button", className: "close", textContent: "×", title: "close (Esc)"});
  close.onclick = shut;
  const others = el("div", {className: "others"}, data.columns.map((other, index) => {
    if (!row.cells[index]) return null;
    const button = el("button", {type: "button", className: styleOf(kindOf(row.cells[index])),
      textContent: `${KINDS[kindOf(row.cells[index])][0]} ${other.key}`, title: `${kindOf(row.cells[index])} on ${other.name}`});
    button.setAttribute("aria-current", String(index === number));
    button.onclick = () => open(row, index);
    return button;
  }));
  panel.replaceChildren(close, el("p", {className: "id mono"}, el("span", {className: "level", textContent: row.level}), ` ${row.id}`),
    el("h2", {textContent: row.statement}),
    el("p", {}, el("span", {className: `pill ${styleOf(kind)}`, textContent: kind}), ` on ${column.name} (${column.key}), ${cell.seconds} s`),
    others,
    el("h3", {textContent: "sources"}), el("ul", {}, row.sources.map((source) => el("li", {}, linked(source)))));
  if (row.chapter.length) panel.append(el("p", {className: "about", textContent: `chapter: ${row.chapter.join(", ")}`}));
  if (cell.deviation) {
    panel.append(el("h3", {textContent: kind}), el("p", {}, `${cell.deviation.reason} `, linked(cell.deviation.link)));
  }
  panel.append(...cell.tests.map(evidence));
  if (!cell.tests.length) panel.append(el("p", {textContent: "No test ran."}));
  panel.append(...again(cell.again));
  panel.hidden = false;
  panel.scrollTop = 0;
  panel.focus({preventScroll: true});
  mark();
  remember();
}

function shut() {
  $("panel").hidden = true;
  shown = null;
  mark();
  remember();
}

function mark() {
  for (const tr of $("body").querySelectorAll("tr.row")) tr.classList.toggle("here", shown !== null && tr.dataset.id === shown.row.id);
}

// The address holds filters and the open cell, so that what is seen can be sent to somebody.
function remember() {
  const state = new URLSearchParams();
  for (const id of FILTERS) if ($(id).value) state.set(id, $(id).value);
  for (const id of SWITCHES) if ($(id).checked) state.set(id, "1");
  if (shown) state.set("cell", `${shown.row.id}@${data.columns[shown.number].key}`);
  history.replaceState(null, "", state.size ? `#${state}` : location.pathname + location.search);
}

function recall() {
  const state = new URLSearchParams(location.hash.slice(1));
  for (const id of FILTERS) $(id).value = state.get(id) || "";
  for (const id of SWITCHES) $(id).checked = state.has(id);
  const [id, ...rest] = (state.get("cell") || "").split("@");
  const row = data.rows.find((candidate) => candidate.id === id);
  const number = data.columns.findIndex((column) => column.key === rest.join("@"));
  if (row && row.cells[number]) unfolded.add(topicOf(row));
  draw();
  if (row && row.cells[number]) {
    open(row, number);
    $("body").querySelector("tr.here")?.scrollIntoView({block: "center"});
  } else {
    shut();
  }
}

function changed() {
  draw();
  mark();
  remember();
}

drawTargets();
drawHead();
drawChoices();
for (const id of [...FILTERS, ...SWITCHES]) $(id).addEventListener("input", changed);
$("clear").onclick = () => {
  for (const id of FILTERS) $(id).value = "";
  for (const id of SWITCHES) $(id).checked = false;
  changed();
};
$("fold").onclick = () => { folding = !folding; unfolded.clear(); changed(); };
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && shown) shut(); });
addEventListener("hashchange", recall);
recall();
