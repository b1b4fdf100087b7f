// The routes and forms of /openapi.json as a page.

function element(tag, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
}

const code = (text) => element("code", {}, text);

// What a schema is called: a link to its form, or its kind.
function kind(schema = {}) {
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return [element("a", { href: `#${name}` }, name)];
  }
  const several = schema.anyOf ?? schema.oneOf;
  if (several) return several.flatMap((each, index) => (index ? [" or ", ...kind(each)] : kind(each)));
  if (schema.enum) return [schema.enum.map((each) => JSON.stringify(each)).join(" or ")];
  if (schema.type === "array") return ["list of ", ...kind(schema.items)];
  if (schema.contentMediaType || schema.format === "binary") return ["file"];
  return [schema.type ?? "anything"];
}

function table(rows) {
  return element("div", { className: "scroll" }, element("table", {}, ...rows));
}

function row(name, schema, required, more = "") {
  const limits = ["minimum", "maximum", "default"].filter((key) => schema?.[key] !== undefined);
  const text = [schema?.description ?? more, ...limits.map((key) => `${key} ${JSON.stringify(schema[key])}`)];
  return element("tr", {},
    element("td", {}, code(name)),
    element("td", {}, ...kind(schema), required ? " (required)" : ""),
    element("td", {}, text.filter(Boolean).join("; ")));
}

function example(method, path, body) {
  const verb = method === "get" ? "" : ` -X ${method.toUpperCase()}`;
  const form = body?.["multipart/form-data"] ? ` -F ${path === "/predict" ? "file" : "files"}=@page.pdf` : "";
  const json = body?.["application/json"] ? ` -H 'Content-Type: application/json' -d '{...}'` : "";
  return element("pre", {}, `curl${form ? "" : verb}${form}${json} '${location.origin}${path}'`);
}

function route(path, method, what) {
  const body = what.requestBody?.content;
  const parameters = (what.parameters ?? []).map((each) => row(each.name, each.schema, each.required, each.in));
  const answers = Object.entries(what.responses).map(([status, answer]) => {
    const content = Object.entries(answer.content ?? {});
    const forms = content.flatMap(([type, { schema }], index) => [index ? ", " : "", type, " ", ...(schema ? kind(schema) : [])]);
    return element("tr", {}, element("td", {}, code(status)), element("td", {}, answer.description), element("td", {}, ...forms));
  });
  const parts = [element("summary", {}, element("b", {}, method.toUpperCase()), code(path), ` ${what.description?.split("\n")[0] ?? ""}`)];
  parts.push(element("p", {}, what.description ?? ""), example(method, path, body));
  for (const [type, { schema }] of Object.entries(body ?? {})) parts.push(element("p", {}, `Send ${type}: `, ...kind(schema)));
  if (parameters.length) parts.push(table(parameters));
  parts.push(table(answers));
  return element("details", {}, ...parts);
}

const api = await (await fetch("/openapi.json")).json();
for (const [path, methods] of Object.entries(api.paths)) {
  for (const [method, what] of Object.entries(methods)) document.getElementById("routes").append(route(path, method, what));
}
for (const [name, schema] of Object.entries(api.components.schemas)) {
  const rows = Object.entries(schema.properties ?? {}).map(([key, each]) => row(key, each, schema.required?.includes(key)));
  const parts = [element("summary", {}, code(name)), element("p", {}, schema.description ?? ""), table(rows)];
  document.getElementById("schemas").append(element("details", { id: name }, ...parts));
}
// A link opens the form that it leads to.
const opened = () => document.getElementById(location.hash.slice(1))?.setAttribute("open", "");
addEventListener("hashchange", opened);
opened();
