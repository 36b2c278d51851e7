/** Builds and finds elements; text is always text, never markup. */

/** Return the element with that id. */
export const byId = (id) => document.getElementById(id);

/** Make an element; attributes that are null, undefined or false are left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Show one of the page's sections, hide the others, and bring the reader to its heading. */
export function show(id) {
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== id;
  const heading = byId(id).querySelector("h1");
  document.title = `${heading.textContent} · C2PA billing`;
  window.scrollTo(0, 0);
  heading.focus({ preventScroll: true });
}
