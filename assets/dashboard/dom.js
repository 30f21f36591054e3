// Helpers to build the page and to change it in place. Text is always inserted as text, never as
// markup, and without marks that nobody sees.
import { visible } from './format.js';
import { paths } from './icons.js';

const svg_space = 'http://www.w3.org/2000/svg';

export const find = (id) => document.getElementById(id);

// An element with properties (a `data` member becomes dataset, `aria-*` and `role` attributes) and
// children, which are nodes or strings; null ones are left out.
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'data') Object.assign(node.dataset, value);
    else if (name === 'role' || name.startsWith('aria-')) set_attribute(node, name, value);
    else node[name] = value;
  }
  const shown = children.filter((child) => child !== null && child !== undefined);
  node.append(...shown.map((child) => (typeof child === 'string' ? visible(child) : child)));
  return node;
}

// An attribute that people read, such as aria-label.
export function set_attribute(node, name, value) {
  node.setAttribute(name, typeof value === 'string' ? visible(value) : value);
}

// An icon next to a word with the same meaning, so it is hidden from screen readers.
export function icon(name) {
  const node = document.createElementNS(svg_space, 'svg');
  node.setAttribute('viewBox', '0 0 16 16');
  node.setAttribute('aria-hidden', 'true');
  node.classList.add('icon', `icon-${name}`);
  const path = document.createElementNS(svg_space, 'path');
  path.setAttribute('d', paths[name]);
  node.append(path);
  return node;
}

// How many tokens a second a model makes at each context, on a grid of 100 by 24. The words that go
// with it are for screen readers, and for those that want the figures.
export function curve(points, words) {
  const node = document.createElementNS(svg_space, 'svg');
  node.setAttribute('viewBox', '0 0 100 24');
  node.setAttribute('role', 'img');
  set_attribute(node, 'aria-label', words);
  node.classList.add('curve');
  const title = document.createElementNS(svg_space, 'title');
  title.textContent = visible(words);
  const line = document.createElementNS(svg_space, 'polyline');
  const widest = Math.max(...points.map(({ context }) => context));
  const fastest = Math.max(...points.map(({ tps }) => tps));
  const place = ({ context, tps }) => [
    1 + (98 * context) / widest,
    fastest > 0 ? 23 - (22 * tps) / fastest : 23,
  ];
  const places = points.map(place).map((pair) => pair.map((n) => n.toFixed(1)).join(','));
  line.setAttribute('points', places.join(' '));
  node.append(title, line);
  return node;
}

// Replaces the text only if it differs, so that the selection and the reading position are kept.
export function set_text(node, text) {
  const wanted = visible(String(text ?? ''));
  if (node.textContent !== wanted) node.textContent = wanted;
}

// Shows an icon in `holder`. Changes nothing if the icon is already there.
export function set_icon(holder, name) {
  if (holder.dataset.icon === name) return;
  holder.dataset.icon = name;
  holder.replaceChildren(icon(name));
}

export function set_hidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

// Moves the focus from a node that will be removed to the heading of its section.
function keep_focus(node) {
  if (!node.contains(document.activeElement)) return;
  node.closest('section')?.querySelector('h2[tabindex]')?.focus({ preventScroll: true });
}

// Gives `parent` one child per item, in order. `key` identifies an item, `create` makes its node,
// and `update` fills it. Nodes that stay in order are not moved, so they keep focus and selection.
export function keyed(parent, items, key, create, update) {
  const wanted = new Map(items.map((item) => [String(key(item)), item]));
  for (const node of [...parent.children])
    if (!wanted.has(node.dataset.key)) {
      keep_focus(node);
      node.remove();
    }
  const present = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const focused = document.activeElement;
  let next = parent.firstElementChild;
  for (const [name, item] of wanted) {
    let node = present.get(name);
    if (!node) {
      node = create(item);
      node.dataset.key = name;
    }
    update(node, item);
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
  }
  // A node that was moved has lost the focus.
  if (focused !== document.activeElement && parent.contains(focused)) focused.focus();
}
