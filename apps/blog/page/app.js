// The blog's page: one state, kept in the URL; every change goes through `go`, so back and forward always work.
// Nothing that comes from a post is ever parsed as HTML: text is set as text, highlights are rebuilt from their markers.
'use strict';

const page_size = 10;
const deepest = 10000;                    // the service answers 422 beyond this many hits
const element = id => document.getElementById(id);
const input = element('q');
const hits = element('hits');
let state = read_state();
let shown = null;                         // the query of the results on the page
let pending = null;                       // AbortController of the request under way
let turns = 0;                            // counts what was shown; an answer that comes late belongs to an older turn
let typing = 0;                           // timer of the search box
let typed_entry = false;                  // the newest history entry was made by typing

function read_state() {
    const url = new URLSearchParams(location.search);
    const number = Number.parseInt(url.get('page') ?? '1', 10);
    return {
        q: url.get('q') ?? '',
        author: url.get('author') ?? '',
        tags: url.getAll('tags').filter(Boolean),
        month: /^\d{4}-(0[1-9]|1[0-2])$/.test(url.get('month') ?? '') ? url.get('month') : '',
        page: number >= 1 ? Math.min(number, deepest / page_size) : 1,
        post: url.get('post') ?? '',
    };
}

function parameters(from) {
    const url = new URLSearchParams();
    if (from.q) url.set('q', from.q);
    if (from.author) url.set('author', from.author);
    for (const tag of from.tags) url.append('tags', tag);
    if (from.month) url.set('month', from.month);
    if (from.page > 1) url.set('page', String(from.page));
    if (from.post) url.set('post', from.post);
    return url;
}

function link_to(change) {
    const query = parameters({...state, ...change}).toString();
    return query ? '?' + query : './';
}

function go(change, {replace = false} = {}) {
    clearTimeout(typing);
    const target = link_to(change);
    state = {...state, ...change};
    if (replace) history.replaceState(null, '', target);
    else history.pushState(null, '', target);
    typed_entry = false;
    show();
}

// A filter, a new query and leaving a post all start at the first page again.
const filter = change => go({page: 1, post: '', ...change});

function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (name === 'onclick') node.addEventListener('click', value);
        else if (value === true) node.setAttribute(name, '');
        else if (value !== false && value !== undefined) node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
}

function link(change, attributes, ...children) {
    return make('a', {
        href: link_to(change), ...attributes, onclick: event => {
            if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return;
            event.preventDefault();
            go(change);
            scrollTo(0, 0);
        },
    }, ...children);
}

// "a <em>b</em> c" becomes text and <mark> nodes.
function marked(text) {
    const nodes = [];
    for (const [index, piece] of text.split(/<em>([\s\S]*?)<\/em>/).entries()) {
        if (piece) nodes.push(index % 2 ? make('mark', {}, piece) : piece);
    }
    return nodes;
}

const day_format = new Intl.DateTimeFormat('en', {year: 'numeric', month: 'long', day: 'numeric', timeZone: 'UTC'});
const month_format = new Intl.DateTimeFormat('en', {year: 'numeric', month: 'long', timeZone: 'UTC'});
const short_month = new Intl.DateTimeFormat('en', {year: 'numeric', month: 'short', timeZone: 'UTC'});
const count = (n, word) => `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;
const month_date = month => new Date(month + '-01T00:00:00Z');

function byline(post) {
    const parts = [post.author, ...(post.tags ?? []).filter(tag => tag.startsWith('author:')).map(tag => tag.slice(7))];
    const names = parts.filter(Boolean);
    const text = names.length > 1 ? names.slice(0, -1).join(', ') + ' and ' + names.at(-1) : names[0] ?? 'Unknown author';
    const nodes = [text];
    const date = new Date(post.published_date ?? NaN);
    if (!Number.isNaN(date.getTime())) nodes.push(' · ', make('time', {datetime: post.published_date}, day_format.format(date)));
    return nodes;
}

function tag_chips(post) {
    return (post.tags ?? []).filter(tag => !tag.startsWith('author:')).map(tag => make('button', {
        type: 'button', class: state.tags.includes(tag) ? 'chip on' : 'chip', 'aria-label': `Only posts tagged ${tag}`,
        onclick: () => filter({tags: [tag]}),
    }, tag));
}

// ---- results ----

function render_hit(hit) {
    const title = hit.highlight?.title?.[0];
    const excerpts = hit.highlight?.content ?? [];
    const item = make('li', {class: 'hit'},
        make('h2', {}, link({post: hit.id}, {'data-hit': true}, ...(title ? marked(title) : [hit.title || 'Untitled']))),
        make('p', {class: 'byline'}, ...byline(hit)));
    if (excerpts.length) {
        const pieces = excerpts.slice(0, 2).map(text => text.replace(/\s+/g, ' ').trim());
        const nodes = pieces.flatMap((text, index) => [index || /^[\p{Ll}\p{P}]/u.test(text.replace('<em>', '')) ? '… ' : '', ...marked(text), ' ']);
        item.append(make('p', {class: 'excerpt'}, ...nodes, '…'));
    }
    const chips = tag_chips(hit);
    if (chips.length) item.append(make('p', {class: 'tags'}, ...chips));
    return item;
}

function render_pages(total) {
    const last = Math.ceil(Math.min(total, deepest) / page_size);
    const nav = element('pages');
    nav.hidden = last < 2;
    nav.replaceChildren();
    if (last < 2) return;
    const current = state.page;
    const wanted = [1, current - 1, current, current + 1, last].filter(n => n >= 1 && n <= last);
    const numbers = [...new Set(wanted)].sort((a, b) => a - b);
    if (current > 1) nav.append(link({page: current - 1}, {rel: 'prev'}, 'Previous'));
    let before = 0;
    for (const n of numbers) {
        if (n - before > 1) nav.append(make('span', {'aria-hidden': 'true'}, '…'));
        nav.append(link({page: n}, {'aria-label': `Page ${n}`, 'aria-current': n === current ? 'page' : undefined}, String(n)));
        before = n;
    }
    if (current < last) nav.append(link({page: current + 1}, {rel: 'next'}, 'Next'));
}

function render_active() {
    const chips = [];
    const add = (name, value, change) => chips.push(make('button', {
        type: 'button', class: 'chip', 'aria-label': `Remove filter ${name} ${value}`, onclick: () => filter(change),
    }, name + ' ', make('b', {}, value), ' ×'));
    if (state.author) add('by', state.author, {author: ''});
    for (const tag of state.tags) add('tag', tag, {tags: state.tags.filter(other => other !== tag)});
    if (state.month) add('in', month_format.format(month_date(state.month)), {month: ''});
    const active = element('active');
    active.hidden = chips.length === 0;
    element('filter-count').textContent = chips.length ? `(${chips.length} active)` : '';
    active.replaceChildren(...chips);
}

function render_choices(name, buckets, selected, choose) {
    const section = element('facet-' + name);
    // A chosen value stays visible when the other filters leave nothing of it.
    const missing = selected.filter(value => !buckets.some(bucket => bucket.key === value)).map(key => ({key, count: 0}));
    const all = [...buckets, ...missing];
    section.hidden = all.length === 0;
    section.querySelector('ul').replaceChildren(...all.map(bucket => make('li', {}, make('button', {
        type: 'button', 'data-key': bucket.key, 'aria-pressed': String(selected.includes(bucket.key)),
        'aria-label': `${bucket.key}, ${count(bucket.count, 'post')}`, onclick: () => choose(bucket.key),
    }, make('span', {}, bucket.key.replace(/^author:/, 'with ')), make('span', {}, String(bucket.count))))));
}

function render_months(buckets) {
    const section = element('facet-month');
    const months = buckets.map(bucket => ({
        month: bucket.key_as_string?.slice(0, 7) ?? new Date(Number(bucket.key)).toISOString().slice(0, 7), count: bucket.count,
    }));
    if (state.month && !months.some(entry => entry.month === state.month)) {
        months.push({month: state.month, count: 0});
        months.sort((a, b) => a.month < b.month ? -1 : 1);
    }
    section.hidden = months.length === 0;
    if (!months.length) return;
    const most = Math.max(1, ...months.map(entry => entry.count));
    const list = section.querySelector('ol');
    list.classList.toggle('chosen', Boolean(state.month));
    list.replaceChildren(...months.map(({month, count: n}) => {
        const bar = make('span');
        bar.style.height = n ? `${Math.max(5, 100 * n / most)}%` : '0';
        const label = `${month_format.format(month_date(month))}: ${count(n, 'post')}`;
        const pressed = month === state.month;
        return make('li', {}, make('button', {
            type: 'button', 'data-key': month, title: label, 'aria-label': label, 'aria-pressed': String(pressed),
            onclick: () => filter({month: pressed ? '' : month}),
        }, bar));
    }));
    const [first, last] = section.querySelectorAll('.axis span');
    first.textContent = short_month.format(month_date(months[0].month));
    last.textContent = months.length > 1 ? short_month.format(month_date(months.at(-1).month)) : '';
}

// The clicked filter is rebuilt with its list; the keyboard must find itself on the same one afterwards.
function keep_focus(render) {
    const focused = document.activeElement?.closest?.('[data-key]');
    const section = focused?.closest('section')?.id;
    const key = focused?.dataset.key;
    render();
    if (section) [...element(section).querySelectorAll('[data-key]')].find(button => button.dataset.key === key)?.focus();
}

function render_results(found) {
    keep_focus(() => {
        render_months(found.facets?.publication_dates ?? []);
        render_choices('author', found.facets?.authors ?? [], state.author ? [state.author] : [],
            key => filter({author: key === state.author ? '' : key}));
        render_choices('tag', found.facets?.tags ?? [], state.tags,
            key => filter({tags: state.tags.includes(key) ? state.tags.filter(tag => tag !== key) : [...state.tags, key]}));
    });
    const narrowed = state.q || state.author || state.tags.length || state.month;
    hits.replaceChildren(...found.hits.map(render_hit));
    const total = (found.relation === 'gte' ? 'more than ' : '') + count(found.total, 'post');
    const part = found.total > page_size ? `, page ${state.page} of ${Math.ceil(Math.min(found.total, deepest) / page_size)}` : '';
    element('status').textContent = state.q ? `${total} for “${state.q}”${part}` : total + part;
    render_pages(found.total);
    if (found.hits.length) return;
    if (found.total > 0) problem('Nothing on this page', 'The results end before it.', 'To the first page', () => go({page: 1}), true);
    else if (narrowed) problem('No post matches', 'Try fewer words or fewer filters.', 'Show all posts', () => filter({q: '', author: '', tags: [], month: ''}), true);
    else problem('No posts yet', 'Fill the store with: blog import FOLDER', 'Look again', () => show(true), true);
}

function problem(title, text, action, act, calm = false) {
    const box = element('problem');
    box.hidden = false;
    box.classList.toggle('calm', calm);
    element('problem-title').textContent = title;
    element('problem-text').textContent = text;
    const button = element('problem-action');
    button.textContent = action;
    button.onclick = act;
}

async function fetch_json(path) {
    pending?.abort();
    pending = new AbortController();
    const answer = await fetch(path, {headers: {accept: 'application/json'}, signal: pending.signal});
    let body = null;
    try {
        body = await answer.json();
    } catch (error) {
        if (error.name === 'AbortError' || answer.ok) throw error;
    }
    if (answer.ok) return body;
    const detail = body?.detail;
    const text = Array.isArray(detail) ? detail.map(entry => `${entry.loc?.at(-1)}: ${entry.msg}`).join('; ') : detail;
    throw Object.assign(new Error(typeof text === 'string' ? text : `The service answered ${answer.status}.`), {status: answer.status});
}

function explain(error) {
    if (error.status === 503) return ['The search is not available just now', 'The service runs, its search engine does not answer. Try again in a moment.'];
    if (error.status === 404) return ['There is no such post', 'It may have been deleted or renamed.'];
    if (error.status) return ['The service refused this', error.message];
    return ['The service does not answer', 'Is it still running? Start it with: blog serve'];
}

async function show_results(again) {
    element('reader').hidden = true;
    element('browse').hidden = false;
    document.title = state.q ? `${state.q} – Hem blog` : 'Hem blog';
    const query = parameters({...state, post: ''});
    query.set('q', state.q);
    query.set('size', String(page_size));
    const key = query.toString();
    render_active();
    if (key === shown && !again) return;
    element('problem').hidden = true;
    hits.setAttribute('aria-busy', 'true');
    const turn = ++turns;
    const slow = setTimeout(() => {
        if (!hits.children.length) hits.replaceChildren(...[1, 2, 3].map(() => make('li', {class: 'hit ghost', 'aria-hidden': 'true'})));
        element('status').textContent = 'Searching …';
    }, 250);
    try {
        const found = await fetch_json('search/advanced?' + key);
        shown = key;
        render_results(found);
    } catch (error) {
        if (error.name === 'AbortError') return;
        shown = null;
        hits.replaceChildren();
        element('pages').hidden = true;
        element('status').textContent = '';
        problem(...explain(error), 'Try again', () => show(true));
    } finally {
        clearTimeout(slow);
        if (turn === turns) hits.removeAttribute('aria-busy');
    }
}

// ---- one post ----

// The text of a post: paragraphs between blank lines, "# " headings, "- " lists, and code indented by four spaces.
function render_body(text) {
    const nodes = [];
    for (const block of text.replace(/\r\n?/g, '\n').split(/\n(?:[ \t]*\n)+/)) {
        const lines = block.replace(/\s+$/, '').split('\n').filter((line, index) => index || line.trim());
        if (!lines.length) continue;
        if (lines.every(line => line.startsWith('    '))) {
            const code = lines.map(line => line.slice(4)).join('\n');
            const last = nodes.at(-1);
            if (last?.tagName === 'PRE') last.firstChild.append('\n\n' + code);
            else nodes.push(make('pre', {tabindex: '0'}, make('code', {}, code)));
        } else if (/^#{1,6} /.test(lines[0]) && lines.length === 1) {
            nodes.push(make('h2', {}, lines[0].replace(/^#+ /, '')));
        } else if (lines.every(line => /^(- |  )/.test(line)) && lines[0].startsWith('- ')) {
            const items = block.trim().split(/\n(?=- )/).map(item => make('li', {}, item.slice(2).replace(/\s+/g, ' ')));
            nodes.push(make('ul', {}, ...items));
        } else {
            nodes.push(make('p', {}, lines.join('\n')));
        }
    }
    return nodes;
}

async function show_post() {
    const back = element('back');
    back.replaceWith(Object.assign(link({post: ''}, {}, '← Back to the posts'), {id: 'back'}));
    element('browse').hidden = true;
    const reader = element('reader');
    const title = element('post-title');
    const turn = ++turns;
    reader.hidden = false;
    reader.setAttribute('aria-busy', 'true');
    title.textContent = 'Loading …';
    for (const part of ['post-byline', 'post-tags', 'post-body']) element(part).replaceChildren();
    try {
        const post = await fetch_json('posts/' + encodeURIComponent(state.post));
        title.textContent = post.title || 'Untitled';
        document.title = `${post.title} – Hem blog`;
        element('post-byline').replaceChildren(...byline(post));
        element('post-tags').replaceChildren(...tag_chips(post));
        element('post-body').replaceChildren(...render_body(post.content ?? ''));
        title.focus({preventScroll: true});
    } catch (error) {
        if (error.name === 'AbortError') return;
        const [what, why] = explain(error);
        title.textContent = what;
        element('post-body').replaceChildren(make('p', {role: 'alert'}, why));
    } finally {
        if (turn === turns) reader.removeAttribute('aria-busy');
    }
}

function show(again = false) {
    if (document.activeElement !== input) input.value = state.q;
    return state.post ? show_post() : show_results(again);
}

// ---- events ----

addEventListener('popstate', () => {
    state = read_state();
    input.value = state.q;
    show();
});

element('search').addEventListener('submit', event => {
    event.preventDefault();
    const query = input.value.trim();
    if (query !== state.q || state.post) filter({q: query});
    else show(true);
});

// While typing the results follow, in one history entry per burst.
input.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
        const query = input.value.trim();
        if (query === state.q && !state.post) return;
        const replace = typed_entry;
        go({q: query, page: 1, post: ''}, {replace});
        typed_entry = true;
    }, 180);
});
input.addEventListener('blur', () => { typed_entry = false; });

element('home').addEventListener('click', event => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    input.value = '';
    filter({q: '', author: '', tags: [], month: ''});
});

addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const field = document.activeElement?.matches('input, textarea, select');
    if (event.key === '/' && !field) {
        event.preventDefault();
        input.focus();
        input.select();
    } else if (event.key === 'Escape' && state.post) {
        go({post: ''});
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        const links = [...hits.querySelectorAll('a[data-hit]')];
        const place = links.indexOf(document.activeElement);
        if (place < 0 && !(document.activeElement === input && event.key === 'ArrowDown')) return;
        const target = place < 0 ? links[0] : event.key === 'ArrowDown' ? links[place + 1] : place ? links[place - 1] : input;
        if (target) {
            event.preventDefault();
            target.focus();
        }
    }
});

// Filters stay open beside the results, and fold away above them on a phone.
const wide = matchMedia('(min-width: 56.01rem)');
const fold = () => { element('filters').open = wide.matches; };
wide.addEventListener('change', fold);
fold();
show();
