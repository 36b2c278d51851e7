/** One operation of the API: what it takes, what it answers, and how to call it. */

import { element } from "./elements.js";
import { example, rowsOf } from "./schema.js";

export const operationId = ({ method, path }) => `${method}${path.replace(/[^A-Za-z0-9]+/g, "-").replace(/-$/, "")}`;

/** An article with everything that the description says of an operation. */
export function operationArticle(operation, description) {
  const { method, path, summary } = operation;
  const heading = element(
    "h3",
    {},
    element("span", { class: "method", "data-method": method }, method),
    element("a", { class: "path", href: `#${operationId(operation)}` }, path),
  );
  const parts = [heading, element("p", { class: "summary" }, summary), ...prose(operation.description)];
  parts.push(...table("Parameters", parameterRows(operation, description)));
  const body = operation.requestBody?.content["application/json"]?.schema;
  if (body) parts.push(...table("Body", rowsOf(body, description)));
  parts.push(sample(operation, description));
  parts.push(element("h4", {}, "Answers"), ...responses(operation, description));
  return element("article", { id: operationId(operation) }, ...parts);
}

function parameterRows({ parameters }, description) {
  return parameters.map((parameter) => {
    const [row] = rowsOf(parameter.schema, description, parameter.name);
    const about = [parameter.description, row.about].filter(Boolean).join(" ");
    return { ...row, name: parameter.name, kind: `${row.kind} · ${parameter.in}`, required: parameter.required, about };
  });
}

function table(title, rows) {
  if (rows.length === 0) return [];
  const lines = rows.map(({ name, depth, kind, required, about }) => {
    const label = element("th", { scope: "row", "data-depth": Math.min(depth, 4) }, element("code", {}, name));
    if (required) label.append(element("span", { class: "required" }, " required"));
    return element("tr", {}, label, element("td", {}, element("span", { class: "kind" }, kind), ...prose(about)));
  });
  return [element("h4", {}, title), element("table", {}, element("tbody", {}, ...lines))];
}

function responses(operation, description) {
  return Object.entries(operation.responses).map(([status, response]) => {
    const [first, ...more] = (response.description ?? "").split("\n\n");
    const title = [element("span", { class: "status", "data-kind": status[0] }, status), " ", ...inline(first)];
    const content = response.content?.["application/json"]?.schema;
    const rows = content ? table("", rowsOf(content, description)).slice(1) : [];
    const headers = Object.entries(response.headers ?? {}).map(([name, header]) => ({
      name, depth: 0, kind: "header", required: false, about: header.description,
    }));
    const inside = [...prose(more.join("\n\n")), ...table("Headers", headers), ...rows];
    if (inside.length === 0) return element("p", { class: "answer" }, ...title);
    return element("details", { class: "answer" }, element("summary", {}, ...title), ...inside);
  });
}

function sample(operation, description) {
  const lines = [`curl ${location.origin}${operation.path.replace(/{(\w+)}/g, (_, name) => `$${name.toUpperCase()}`)}`];
  if (operation.method !== "get" && !(operation.method === "post" && operation.requestBody)) {
    lines.push(`-X ${operation.method.toUpperCase()}`);
  }
  if (operation.security.length > 0) lines.push('-H "Authorization: Bearer $API_KEY"');
  const body = operation.requestBody?.content["application/json"]?.schema;
  if (body) {
    lines.push('-H "Content-Type: application/json"', `-d '${JSON.stringify(example(body, description))}'`);
  }
  return element("pre", { tabindex: 0, "aria-label": "Example request" }, element("code", {}, lines.join(" \\\n  ")));
}

/** Paragraphs, with `code` between back-ticks. */
function prose(text) {
  return (text ?? "").split("\n\n").filter(Boolean).map((paragraph) => element("p", {}, ...inline(paragraph)));
}

function inline(text) {
  return text.split("`").map((part, index) => (index % 2 ? element("code", {}, part) : part));
}
