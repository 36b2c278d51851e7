/** The page `/docs`: the API's own description, for people. */

import { call } from "./api.js";
import { byId, element } from "./elements.js";
import { explained } from "./forms.js";
import { operationArticle, operationId } from "./operation.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const LAST = "Service";

async function start() {
  try {
    render(await call("GET", "/openapi.json"));
  } catch (error) {
    byId("trouble").textContent = explained(error);
    return;
  }
  byId("filter").addEventListener("input", (event) => filter(event.target.value.trim().toLowerCase()));
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

function render(description) {
  byId("title").textContent = `${description.info.title} ${description.info.version}`;
  byId("about").textContent = description.info.description;
  const groups = grouped(description);
  byId("contents").replaceChildren(...groups.map(contentsOf));
  byId("operations").replaceChildren(...groups.map((group) => sectionOf(group, description)));
}

/** The operations under their tags, in the order of the description, but what is not for clients last. */
function grouped({ tags, paths }) {
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => ({ method, path, ...item[method] })),
  );
  const order = [...tags].sort((one, other) => (one.name === LAST) - (other.name === LAST));
  return order
    .map(({ name }) => ({ name, operations: operations.filter((one) => one.tags.includes(name)) }))
    .filter((group) => group.operations.length > 0);
}

function contentsOf({ name, operations }) {
  return element("section", {}, element("h2", {}, name), element("ul", {}, ...operations.map(contentsEntry)));
}

function contentsEntry(operation) {
  const method = element("span", { class: "method", "data-method": operation.method }, operation.method);
  const link = element("a", { href: `#${operationId(operation)}` }, method, element("span", { class: "path" }, operation.path));
  return element("li", { "data-find": findable(operation) }, link);
}

function sectionOf({ name, operations }, description) {
  const articles = operations.map((operation) => {
    const article = operationArticle(operation, description);
    article.dataset.find = findable(operation);
    return article;
  });
  return element("section", { class: "tag" }, element("h2", {}, name), ...articles);
}

const findable = ({ method, path, summary }) => `${method} ${path} ${summary}`.toLowerCase();

function filter(text) {
  for (const found of document.querySelectorAll("[data-find]")) found.hidden = !found.dataset.find.includes(text);
  for (const section of document.querySelectorAll("#contents section, .tag")) {
    section.hidden = section.querySelector("[data-find]:not([hidden])") === null;
  }
}

start();
