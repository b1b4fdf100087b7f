// The page: files in, results out.

import { call, follow, json, keepToken, onTokenWanted, quiet, send, write } from "./api.js";
import { Camera } from "./camera.js";
import { fieldsText, fieldsView, tableText, tableView, textView, writtenView } from "./views.js";
import { Viewer, wordsOf } from "./viewer.js";

const $ = (id) => document.getElementById(id);
const files = []; // {name, job, index, state, pages, done, error, document}
let current = null; // of files
let pageIndex = 0;
let view = "text";
let formats = [];

const viewer = new Viewer(() => {
  showView();
  listFiles();
});
const camera = new Camera((file) => add([file]), say);

function say(text) {
  const toast = $("toast");
  toast.textContent = text;
  toast.classList.add("shown");
  clearTimeout(say.timer);
  say.timer = setTimeout(() => toast.classList.remove("shown"), 7000);
}

// Runs what a click asks for; what goes wrong is said in words.
function guarded(action) {
  return async (...given) => {
    try {
      await action(...given);
    } catch (error) {
      say(error.message);
    }
  };
}

const add = guarded(async (chosen) => {
  if (!chosen.length) return;
  document.body.classList.add("busy");
  const added = [...chosen].map((file) => ({ name: file.name, state: "sending", sent: 0, pages: 0, done: 0 }));
  files.push(...added);
  listFiles();
  const form = new FormData();
  for (const file of chosen) form.append("files", file, file.name);
  form.append("images", "true");
  for (const [name, value] of new FormData($("option-form"))) if (value) form.append(name, value);
  try {
    const job = await send("/api/batch", form, (share) => update(added, { sent: share }));
    added.forEach((file, index) => Object.assign(file, { job: job.job_id, index, state: job.files[index].state, pages: job.files[index].pages ?? 0 }));
    added.forEach((file, index) => note(file, job.files[index].error));
    listFiles();
    await follow(job.job_id, (kind, data) => news(added, kind, data));
  } catch (error) {
    added.filter((file) => file.state !== "done").forEach((file) => note(file, { message: error.message, remedy: "" }));
    listFiles();
    throw error;
  }
});

function note(file, error) {
  if (error) Object.assign(file, { state: "failed", error: `${error.message} ${error.remedy}`.trim() });
}

function update(added, change) {
  added.forEach((file) => Object.assign(file, change));
  listFiles();
}

function news(added, kind, data) {
  const file = added[data.file];
  if (kind === "page") Object.assign(file, { state: "running", done: data.page, pages: data.pages });
  if (kind === "file") {
    file.state = data.state;
    note(file, data.error);
    if (data.state === "done" && (!current || current.state === "failed")) guarded(open)(file);
  }
  listFiles();
}

function listFiles() {
  $("list").replaceChildren(
    ...files.map((file) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.disabled = file.state !== "done";
      button.setAttribute("aria-current", file === current);
      button.addEventListener("click", guarded(() => open(file)));
      const name = document.createElement("b");
      name.textContent = file.name;
      const state = document.createElement("small");
      state.textContent = stateOf(file);
      button.append(name, state);
      if (file.state === "failed") item.className = "failed";
      else if (file.state !== "done") {
        const bar = document.createElement("progress");
        if (file.pages) Object.assign(bar, { max: file.pages, value: file.done });
        bar.setAttribute("aria-label", `Progress of ${file.name}`);
        button.append(bar);
      }
      item.append(button);
      return item;
    }),
  );
}

function stateOf(file) {
  if (file.state === "sending") return `sending ${Math.round(file.sent * 100)} %`;
  if (file.state === "failed") return file.error;
  if (file.state === "done") return file.pages === 1 ? "1 page" : `${file.pages} pages`;
  return file.pages ? `reading ${file.done} of ${file.pages}` : "waiting";
}

async function open(file) {
  file.document ??= await json(`/api/jobs/${file.job}/files/${file.index}`);
  file.pictures ??= {};
  current = file;
  pageIndex = 0;
  $("result").hidden = false;
  listFiles();
  await showPage();
}

const page = () => current.document.pages[pageIndex];

async function showPage() {
  const shown = page();
  const address = `/api/jobs/${current.job}/files/${current.index}/pages/${shown.number}`;
  current.pictures[shown.number] ??= URL.createObjectURL(await (await call(address)).blob());
  viewer.show(shown, current.pictures[shown.number]);
  const count = current.document.pages.length;
  $("place").textContent = `Page ${shown.number}${count > 1 ? ` (${pageIndex + 1} of ${count})` : ""}`;
  $("previous").disabled = pageIndex === 0;
  $("next").disabled = pageIndex === count - 1;
  await showView();
}

const turn = guarded(async (step) => {
  const last = current ? current.document.pages.length - 1 : 0;
  const wanted = Math.max(0, Math.min(last, pageIndex + step));
  if (wanted === pageIndex) return;
  pageIndex = wanted;
  await showPage();
});

// The document without what only this page knows.
function clean() {
  return JSON.parse(JSON.stringify(current.document, (key, value) => (key === "corrected" ? undefined : value)));
}

const showView = guarded(async () => {
  if (!current) return;
  const asked = [current, pageIndex, view];
  const parts =
    view === "text" ? textView(page())
    : view === "fields" ? fieldsView(current.document)
    : view === "table" ? tableView(page(), wordsOf(page()))
    : await writtenView(clean(), view);
  if (asked.some((each, index) => each !== [current, pageIndex, view][index])) return; // overtaken
  $("view").replaceChildren(...parts);
});

async function viewText() {
  if (view === "fields") return fieldsText(current.document);
  if (view === "table") return tableText(page(), wordsOf(page()));
  return (await write(clean(), view)).text();
}

const download = guarded(async () => {
  const format = formats.find(({ name }) => name === $("format").value);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await write(clean(), format.name));
  link.download = current.name.replace(/\.[^.]*$/, "") + format.suffix;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
});

const copy = guarded(async () => {
  await navigator.clipboard.writeText(await viewText());
  say("Copied.");
});

function chooseTab(button) {
  view = button.dataset.view;
  for (const each of $("tabs").children) {
    each.setAttribute("aria-selected", each === button);
    each.tabIndex = each === button ? 0 : -1;
  }
  showView();
}

function tabKeys(event) {
  const tabs = [...$("tabs").children];
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
  next.focus();
  chooseTab(next);
}

async function showStats() {
  if (document.hidden) return;
  try {
    const stats = await quiet("/api/stats");
    const parts = [`${stats.pages} pages read`, `${stats.characters} characters`];
    if (stats.documents) parts.push(`${(stats.p50_ms / 1000).toFixed(1)} s each`);
    if (stats.queue_length) parts.push(`${stats.queue_length} waiting`);
    $("stats").textContent = parts.join(" · ");
  } catch {
    $("stats").textContent = "";
  }
}

function listen() {
  $("pick").addEventListener("click", () => $("files").click());
  $("files").addEventListener("change", () => {
    add([...$("files").files]);
    $("files").value = "";
  });
  $("camera-button").addEventListener("click", () => camera.open());
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    add([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => add([...event.clipboardData.files]));
  $("previous").addEventListener("click", () => turn(-1));
  $("next").addEventListener("click", () => turn(1));
  $("unsure").addEventListener("click", () => viewer.nextUnsure() || say("All words of this page are sure."));
  $("tabs").addEventListener("click", (event) => event.target.dataset.view && chooseTab(event.target));
  $("tabs").addEventListener("keydown", tabKeys);
  $("view").addEventListener("pointerover", (event) => viewer.light(event.target.dataset?.word));
  $("view").addEventListener("click", (event) => event.target.dataset.word && viewer.choose(Number(event.target.dataset.word), true));
  $("copy").addEventListener("click", copy);
  $("download").addEventListener("click", download);
  $("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("ocr-doc-theme", root.dataset.theme);
  });
  $("token-button").addEventListener("click", askToken);
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select, textarea") || !current) return;
    if (event.key === "PageDown" && event.altKey) turn(1);
    if (event.key === "PageUp" && event.altKey) turn(-1);
  });
}

// Asks for the token, once for all that want one at the same time.
function askToken() {
  askToken.open ??= new Promise((resolve) => {
    const dialog = $("token-dialog");
    $("token-button").hidden = false;
    dialog.addEventListener("close", () => {
      askToken.open = undefined;
      keepToken($("token").value);
      resolve(dialog.returnValue === "ok" && Boolean($("token").value));
    }, { once: true });
    dialog.returnValue = "";
    dialog.showModal();
  });
  return askToken.open;
}

const theme = localStorage.getItem("ocr-doc-theme");
if (theme) document.documentElement.dataset.theme = theme;
onTokenWanted(askToken);
listen();
showStats();
setInterval(showStats, 3000);
({ formats } = await json("/api/formats").catch((error) => (say(error.message), { formats: [] })));
$("format").replaceChildren(...formats.map(({ name, suffix }) => new Option(`${name} (${suffix})`, name)));
