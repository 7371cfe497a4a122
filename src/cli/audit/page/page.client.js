// @ts-check
/** The script of the page: filters findings and nodes, and draws what a node is connected with. */

/**
 * @typedef {'workload' | 'account' | 'role' | 'statement' | 'secret'} Kind
 * @typedef {{ kind: Kind, label: string }} GraphNode
 * @typedef {{ code: string, level: string, subject: string, message: string, items: string[], more: number, workloads: string[] }} Finding
 * @typedef {{ findings: Finding[], graph: { nodes: GraphNode[], edges: [number, number, string][], more: Record<string, number> }, rules: Record<string, { meaning: string, action: string }> }} Report
 * @typedef {{ to: number, kind: string }} Arrow
 */

(() => {
  /** @type {Report} */
  const report = JSON.parse(byId('report').textContent ?? '');
  const { nodes, edges, more } = report.graph;
  const PAGE = 100;
  /** @type {readonly Kind[]} */
  const COLUMNS = ['workload', 'account', 'role', 'statement', 'secret'];
  /** @type {Record<Kind, string>} */
  const NAMES = {
    workload: 'Workload',
    account: 'Service account',
    role: 'Role',
    statement: 'Statement',
    secret: 'Secret',
  };
  /** @type {Record<string, string>} */
  const EDGES = {
    exceeds: 'allowed, and not requested',
    denied: 'requested, and not allowed',
    undecided: 'requested, and not decided',
  };
  const [after, before, requested] = [arrows(0), arrows(0), arrows(0)];
  for (const [from, to, kind] of edges) {
    // What a workload requests; the way to it leads through its role.
    if (nodes[from]?.kind === 'workload' && nodes[to]?.kind === 'secret') {
      requested[from]?.push({ to, kind });
      continue;
    }
    after[from]?.push({ to, kind });
    before[to]?.push({ to: from, kind });
  }
  const numbers = new Map(nodes.map(({ label }, number) => [label, number]));

  /** @param {number} _ @returns {Arrow[][]} */
  function arrows(_) {
    return nodes.map(() => []);
  }

  /** @param {string} id */
  function byId(id) {
    const found = document.getElementById(id);
    if (found === null) throw new TypeError(id);
    return found;
  }

  /**
   * An element with text and children. Text is never HTML.
   * @param {string} name
   * @param {Record<string, string>} attributes
   * @param {...(Node | string)} children
   */
  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  /** @param {string} name @param {Record<string, string | number>} attributes @param {...(Node | string)} children */
  function drawing(name, attributes, ...children) {
    const made = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
    made.append(...children);
    return made;
  }

  /** A button that selects a node, or text if there is none. @param {string} label */
  function nodeLink(label) {
    const number = numbers.get(label);
    if (number === undefined) return document.createTextNode(label);
    const button = element('button', { class: 'link', type: 'button' }, label);
    button.addEventListener('click', () => select(number, true));
    return button;
  }

  // Findings.

  const filter = /** @type {HTMLInputElement} */ (byId('filter'));
  const levels = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('input[name=level]')]);
  const codes = /** @type {HTMLSelectElement} */ (byId('codes'));
  const texts = report.findings.map((one) =>
    [one.code, one.subject, one.message, ...one.items, ...one.workloads].join(' ').toLowerCase(),
  );
  let shownFindings = PAGE;

  for (const code of [...new Set(report.findings.map((one) => one.code))].sort())
    codes.append(element('option', { value: code }, code));

  function showFindings() {
    const words = wordsOf(filter);
    const chosen = new Set(levels.filter((one) => one.checked).map((one) => one.value));
    const found = report.findings.filter(
      (one, at) =>
        chosen.has(one.level) &&
        (codes.value === '' || codes.value === one.code) &&
        words.every((word) => texts[at]?.includes(word)),
    );
    byId('findings').replaceChildren(...found.slice(0, shownFindings).map(findingRow));
    const shown = Math.min(found.length, shownFindings);
    byId('findings-count').textContent = `${shown} of ${found.length} findings`;
    byId('findings-more').hidden = shown === found.length;
  }

  /** @param {Finding} finding */
  function findingRow({ code, level, subject, message, items, more: rest, workloads }) {
    const rule = report.rules[code];
    const about = element(
      'details',
      {},
      element('summary', {}, 'What to do'),
      `${rule?.meaning} ${rule?.action}`,
    );
    const list = items.map((one) => element('li', {}, nodeLink(one)));
    if (rest > 0) list.push(element('li', {}, `and ${rest} more`));
    return element(
      'tr',
      {},
      element('td', { class: level }, level),
      element('td', {}, code),
      element('td', {}, nodeLink(subject), document.createElement('br'), message, ...lists(list), about),
      element('td', {}, ...workloads.flatMap((one) => [nodeLink(one), document.createElement('br')])),
    );
  }

  /** A long list is closed at first. @param {HTMLElement[]} items */
  function lists(items) {
    if (items.length === 0) return [];
    const list = element('ul', {}, ...items);
    return items.length <= 5
      ? [list]
      : [element('details', {}, element('summary', {}, 'Show the list'), list)];
  }

  /** @param {HTMLInputElement} input */
  function wordsOf({ value }) {
    return value.toLowerCase().split(/\s+/).filter(Boolean);
  }

  // Nodes.

  const find = /** @type {HTMLInputElement} */ (byId('find'));
  const kinds = /** @type {HTMLSelectElement} */ (byId('kinds'));
  const labels = nodes.map(({ label }) => label.toLowerCase());
  let shownNodes = PAGE;

  function showNodes() {
    const words = wordsOf(find);
    /** @type {number[]} */
    const found = [];
    for (const [number, { kind }] of nodes.entries())
      if (
        (kinds.value === '' || kinds.value === kind) &&
        words.every((word) => labels[number]?.includes(word))
      )
        found.push(number);
    byId('nodes').replaceChildren(
      ...found.slice(0, shownNodes).map((number) => {
        const { kind, label } = /** @type {GraphNode} */ (nodes[number]);
        const button = element('button', { class: 'link', type: 'button' }, label);
        button.addEventListener('click', () => select(number, true));
        return element('li', {}, element('span', { class: 'soft' }, `${NAMES[kind]} `), button);
      }),
    );
    const shown = Math.min(found.length, shownNodes);
    byId('nodes-count').textContent = `${shown} of ${found.length}`;
    byId('nodes-more').hidden = shown === found.length;
  }

  /** Up and down move between the search field and the list. @param {KeyboardEvent} event */
  function moveFocus(event) {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    /** @type {(Element | null)[]} */
    const all = [find, ...byId('nodes').querySelectorAll('button')];
    const at = all.indexOf(document.activeElement);
    const next = all[at + (event.key === 'ArrowDown' ? 1 : -1)];
    if (at < 0 || next === undefined || next === null) return;
    event.preventDefault();
    /** @type {HTMLElement} */ (next).focus();
  }

  // What the selected node is connected with.

  /** @param {number} start @param {Arrow[][]} next @param {Set<number>} found */
  function reach(start, next, found) {
    const queue = [start];
    for (let number = queue.pop(); number !== undefined; number = queue.pop())
      for (const { to } of next[number] ?? [])
        if (!found.has(to)) {
          found.add(to);
          queue.push(to);
        }
  }

  const ROWS = 30;
  const [WIDTH, HEIGHT, GAP, TOP] = [200, 26, 48, 34];

  /** @param {number} number @param {boolean} isUser whether somebody chose it, so that the focus follows */
  function select(number, isUser) {
    const node = nodes[number];
    if (node === undefined) return;
    const found = new Set([number]);
    const [down, up] = [new Set([number]), new Set([number])];
    reach(number, after, down);
    reach(number, before, up);
    for (const one of [...down, ...up]) found.add(one);
    const own = new Set([...up, number].flatMap((one) => (requested[one] ?? []).map(({ to }) => to)));
    const columns = COLUMNS.map((kind) => {
      const all = [...found].filter((one) => nodes[one]?.kind === kind);
      const rank = (/** @type {number} */ one) => (one === number ? 0 : own.has(one) ? 1 : 2);
      return all.sort((a, b) => rank(a) - rank(b) || a - b);
    });
    const title = byId('selected');
    title.textContent = `${NAMES[node.kind]}: ${node.label}`;
    byId('graph').replaceChildren(draw(number, columns, own));
    byId('connected').replaceChildren(...columns.flatMap((column, at) => listed(at, column, own)));
    byId('chosen').hidden = false;
    if (!isUser) return;
    history.replaceState(undefined, '', `#${encodeURIComponent(node.label)}`);
    title.focus();
    title.scrollIntoView({ block: 'start' });
  }

  /** @param {number} number @param {number[][]} columns @param {Set<number>} own */
  function draw(number, columns, own) {
    /** @type {Map<number, { x: number, y: number }>} */
    const places = new Map();
    const rows = Math.max(
      1,
      ...columns.map((column) => Math.min(column.length, ROWS) + (column.length > ROWS ? 1 : 0)),
    );
    const [width, height] = [COLUMNS.length * (WIDTH + GAP) - GAP + 20, TOP + rows * (HEIGHT + 8) + 10];
    const svg = drawing('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'group' });
    svg.setAttribute('aria-label', 'Connections of the selected node');
    const boxes = columns.flatMap((column, at) => {
      const x = 10 + at * (WIDTH + GAP);
      const kind = /** @type {Kind} */ (COLUMNS[at]);
      const head = drawing('text', { x, y: 20, class: 'head' }, NAMES[kind]);
      const rest = column.length - ROWS;
      const tail =
        rest > 0
          ? [
              drawing(
                'text',
                { x, y: TOP + ROWS * (HEIGHT + 8) + 16, class: 'more' },
                `and ${rest} more, listed below`,
              ),
            ]
          : [];
      return [
        head,
        ...column.slice(0, ROWS).map((one, row) => {
          const y = TOP + row * (HEIGHT + 8);
          places.set(one, { x, y: y + HEIGHT / 2 });
          return box(one, { x, y, isSelected: one === number, isRequested: own.has(one) });
        }),
        ...tail,
      ];
    });
    /** @type {Element[]} */
    const lines = [];
    for (const [from, place] of places)
      for (const { to, kind } of after[from] ?? []) {
        const target = places.get(to);
        if (target === undefined) continue;
        const [x, end] = [place.x + WIDTH, target.x];
        const bend = (end - x) / 2;
        const d = `M${x} ${place.y} C${x + bend} ${place.y} ${end - bend} ${target.y} ${end} ${target.y}`;
        lines.push(drawing('path', { d, class: kind }));
      }
    svg.append(...lines, ...boxes);
    return svg;
  }

  /** @param {number} number @param {{ x: number, y: number, isSelected: boolean, isRequested: boolean }} place */
  function box(number, { x, y, isSelected, isRequested }) {
    const { kind, label } = /** @type {GraphNode} */ (nodes[number]);
    const classes = ['node', ...(isSelected ? ['selected'] : []), ...(isRequested ? ['requested'] : [])];
    const made = drawing(
      'g',
      { class: classes.join(' '), tabindex: 0, role: 'button', 'aria-label': `${NAMES[kind]} ${label}` },
      drawing('title', {}, label),
      drawing('rect', { x, y, width: WIDTH, height: HEIGHT, rx: 4 }),
      drawing('text', { x: x + 8, y: y + 17 }, short(label)),
    );
    made.addEventListener('click', () => select(number, true));
    made.addEventListener('keydown', (event) => {
      const { key } = /** @type {KeyboardEvent} */ (event);
      if (key !== 'Enter' && key !== ' ') return;
      event.preventDefault();
      select(number, true);
    });
    return made;
  }

  /** The end of an ARN is what tells one from another. @param {string} label */
  function short(label) {
    const name = label.replace(/^arn:[^:]*:[^:]*:[^:]*:[^:]*:/, '').replace(/^(?:secret:|role\/)/, '');
    return name.length > 30 ? `…${name.slice(-29)}` : name;
  }

  /** @param {number} at @param {number[]} column @param {Set<number>} own */
  function listed(at, column, own) {
    if (column.length === 0) return [];
    const kind = /** @type {Kind} */ (COLUMNS[at]);
    const items = column.slice(0, 500).map((number) => {
      const { label } = /** @type {GraphNode} */ (nodes[number]);
      const hints = [
        ...(own.has(number) ? ['requested'] : []),
        ...new Set((before[number] ?? []).flatMap((arrow) => EDGES[arrow.kind] ?? [])),
        ...(more[number] === undefined ? [] : [`and ${more[number]} more secrets`]),
      ];
      const item = element('li', {}, nodeLinkTo(number, label));
      if (hints.length > 0) item.append(element('span', { class: 'soft' }, ` ${hints.join('; ')}`));
      return item;
    });
    const rest = column.length - items.length;
    if (rest > 0) items.push(element('li', {}, `and ${rest} more`));
    return [element('h4', {}, `${NAMES[kind]} (${column.length})`), element('ul', {}, ...items)];
  }

  /** @param {number} number @param {string} label */
  function nodeLinkTo(number, label) {
    const button = element('button', { class: 'link', type: 'button' }, label);
    button.addEventListener('click', () => select(number, true));
    return button;
  }

  for (const input of [filter, codes, ...levels])
    input.addEventListener('input', () => {
      shownFindings = PAGE;
      showFindings();
    });
  for (const input of [find, kinds])
    input.addEventListener('input', () => {
      shownNodes = PAGE;
      showNodes();
    });
  byId('findings-more').addEventListener('click', () => {
    shownFindings += 5 * PAGE;
    showFindings();
  });
  byId('nodes-more').addEventListener('click', () => {
    shownNodes += 5 * PAGE;
    showNodes();
  });
  find.addEventListener('keydown', moveFocus);
  byId('nodes').addEventListener('keydown', moveFocus);
  find.form?.addEventListener('submit', (event) => {
    event.preventDefault();
    /** @type {HTMLButtonElement | null} */ (byId('nodes').querySelector('button'))?.click();
  });
  showFindings();
  showNodes();
  const linked = numbers.get(decodeURIComponent(location.hash.slice(1)));
  if (linked !== undefined) select(linked, false);
  document.body.dataset['ready'] = 'true';
})();
