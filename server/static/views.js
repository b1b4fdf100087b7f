// What a document says, in the five tabs.

import { write } from "./api.js";
import { shade } from "./viewer.js";

const NAMES = { vendor: "Vendor", address: "Address", date: "Date", invoice_number: "Number", currency: "Currency", total: "Total", tax: "Tax" };
const NUMBERS = ["number", "quantity", "unit_price", "amount"];

function element(tag, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
}

function none(text) {
  return element("p", { className: "soft" }, text);
}

// The text of a page, each word linked with its box.
export function textView(page) {
  let number = 0;
  const blocks = page.blocks.map((block) => {
    const lines = block.lines.map((line) => {
      const parts = line.words.flatMap((word) => {
        const span = element("span", { className: "word" }, word.text);
        span.dataset.word = number++;
        span.style.setProperty("--doubtful", shade(word));
        span.classList.toggle("doubt", shade(word) > 0);
        span.classList.toggle("corrected", Boolean(word.corrected));
        return [span, " "];
      });
      return element("div", { className: "line" }, ...parts);
    });
    return element("div", { className: `block ${block.kind}` }, ...lines);
  });
  return blocks.length ? blocks : [none("No text was found on this page.")];
}

export function fieldsView(found) {
  const fields = found.fields ?? {};
  const rows = Object.entries(NAMES)
    .filter(([name]) => fields[name])
    .map(([name, title]) => {
      const { value, confidence } = fields[name];
      const sure = element("td", { className: "number soft" }, `${Math.round(confidence * 100)} %`);
      return element("tr", {}, element("th", { scope: "row" }, title), element("td", {}, value), sure);
    });
  const parts = rows.length ? [element("table", {}, ...rows)] : [none("Nothing here looks like the fields of a bill.")];
  if (fields.items?.length) parts.push(itemTable(fields.items));
  for (const { holds, detail } of fields.checks ?? []) {
    parts.push(element("p", { className: "soft" }, `${holds ? "✓" : "✗"} ${detail}`));
  }
  return parts;
}

function itemTable(items) {
  const names = { description: "Item", quantity: "Quantity", unit_price: "Price", amount: "Amount" };
  const head = element("tr", {}, ...Object.values(names).map((title) => element("th", { scope: "col" }, title)));
  const rows = items.map((item) => {
    const cells = Object.keys(names).map((name) => {
      return element("td", { className: name === "description" ? "" : "number" }, item[name]?.value ?? "");
    });
    return element("tr", {}, ...cells);
  });
  return element("table", {}, head, ...rows);
}

export function tableView(page, words) {
  const tables = page.tables ?? [];
  if (!tables.length) return [none("No table was found on this page.")];
  return tables.map((table) => {
    const height = Math.max(...table.cells.map((cell) => cell.row + cell.row_span));
    const rows = Array.from({ length: height }, () => element("tr"));
    for (const cell of table.cells) {
      const text = cell.words.map((number) => words[number].text).join(" ");
      const made = element("td", { rowSpan: cell.row_span, colSpan: cell.column_span }, text);
      made.classList.toggle("number", NUMBERS.includes(table.columns[cell.column]));
      made.dataset.column = cell.column;
      fill(rows[cell.row], cell.column);
      rows[cell.row].append(made);
    }
    return element("table", {}, ...rows);
  });
}

// Empty places before a column, so that what follows stands in its own.
function fill(row, column) {
  let next = 0;
  for (const cell of row.cells) next = Math.max(next, Number(cell.dataset.column) + cell.colSpan);
  for (; next < column; next++) {
    const empty = element("td");
    empty.dataset.column = next;
    row.append(empty);
  }
}

// Tables as lines of tab-separated values, which spreadsheets take when pasted.
export function tableText(page, words) {
  return (page.tables ?? [])
    .map((table) => {
      const lines = [];
      for (const cell of table.cells) {
        lines[cell.row] ??= Array(table.columns.length).fill("");
        lines[cell.row][cell.column] = cell.words.map((number) => words[number].text).join(" ");
      }
      return Array.from(lines, (line) => (line ?? []).join("\t")).join("\n");
    })
    .join("\n\n");
}

export function fieldsText(found) {
  const fields = found.fields ?? {};
  return Object.entries(NAMES)
    .filter(([name]) => fields[name])
    .map(([name, title]) => `${title}\t${fields[name].value}`)
    .join("\n");
}

// A page written by the service, as it stands in the file.
export async function writtenView(found, format) {
  return [element("pre", {}, await (await write(found, format)).text())];
}
