// The behaviour of /docs: reads the app's own OpenAPI document and builds the page from it. Everything that comes from the document or
// from an answer is put in as text, never as HTML. Read by docs_page.cpp, which puts it into the page with its hash.
#include "hem/web/detail/docs_assets.hpp"

namespace hem::web::detail {

const std::string_view docs_script = R"js(
"use strict";
(() => {
const main = document.getElementById("main");
const base = new URL(main.dataset.base, location.href);
const methods = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];
let spec = {};

// ---- small helpers

function el(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== undefined && value !== null) node.setAttribute(key, value);
  }
  for (const child of children.flat(Infinity)) if (child !== null && child !== undefined && child !== false) node.append(child);
  return node;
}

function resolve(item) {
  for (let i = 0; item && item.$ref && i < 32; ++i) {
    item = item.$ref.replace(/^#\//, "").split("/").reduce((at, key) => at && at[key.replace(/~1/g, "/").replace(/~0/g, "~")], spec);
  }
  return item || {};
}

const refName = schema => schema.$ref.split("/").pop();
const pretty = value => JSON.stringify(value, null, 2);

// ---- schemas as words

function typeOf(schema) {
  if (!schema || !Object.keys(schema).length) return "any";
  if (schema.$ref) return refName(schema);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map(value => JSON.stringify(value)).join(" | ");
  const union = schema.anyOf || schema.oneOf;
  if (union) return union.map(typeOf).join(" | ");
  if (schema.type === "array") return schema.items ? "list of " + typeOf(schema.items) : "list";
  if (schema.type === "object" && schema.additionalProperties && schema.additionalProperties !== true)
    return "map of " + typeOf(schema.additionalProperties);
  return (schema.type || "any") + (schema.format ? " (" + schema.format + ")" : "");
}

function limitsOf(schema) {
  const words = {minimum: "≥", exclusiveMinimum: ">", maximum: "≤", exclusiveMaximum: "<", multipleOf: "multiple of", minLength: "min length",
    maxLength: "max length", minItems: "min items", maxItems: "max items", pattern: "pattern"};
  const parts = [];
  for (const part of [schema, ...(schema.anyOf || [])])
    for (const [key, word] of Object.entries(words)) if (part[key] !== undefined) parts.push(word + " " + part[key]);
  if (schema.uniqueItems) parts.push("no duplicates");
  if (schema.default !== undefined) parts.push("default " + JSON.stringify(schema.default));
  return parts.join(", ");
}

function typeNode(schema) {
  const list = schema && (schema.anyOf || schema.oneOf);
  if (list) return el("span", {}, list.map((part, i) => [i ? " | " : "", typeNode(part)]).flat());
  if (schema && schema.$ref) return el("a", {href: "#model-" + refName(schema)}, refName(schema));
  if (schema && schema.type === "array" && schema.items) return el("span", {}, "list of ", typeNode(schema.items));
  return el("span", {}, typeOf(schema));
}

// A value that fits the schema, to start a request from.
function exampleOf(schema, depth) {
  depth = depth || 0;
  if (!schema || depth > 6) return null;
  if (schema.$ref) return exampleOf(resolve(schema), depth + 1);
  if (schema.examples && schema.examples.length) return schema.examples[0];
  if (schema.example !== undefined) return schema.example;
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const union = schema.anyOf || schema.oneOf || schema.allOf;
  if (union) return exampleOf(union.find(part => part.type !== "null") || union[0], depth + 1);
  switch (schema.type) {
  case "object": {
    const value = {};
    for (const [name, property] of Object.entries(schema.properties || {})) if (!resolve(property).readOnly) value[name] = exampleOf(property, depth + 1);
    return value;
  }
  case "array": return schema.prefixItems ? schema.prefixItems.map(item => exampleOf(item, depth + 1)) : schema.items ? [exampleOf(schema.items, depth + 1)] : [];
  case "integer": case "number": return schema.minimum !== undefined ? schema.minimum : schema.exclusiveMinimum !== undefined ? schema.exclusiveMinimum + 1 : 0;
  case "boolean": return false;
  case "null": return null;
  case "string":
    if (schema.format === "date-time") return "2026-01-31T12:00:00Z";
    if (schema.format === "date") return "2026-01-31";
    if (schema.format === "uuid") return "123e4567-e89b-12d3-a456-426614174000";
    return "string";
  }
  return null;
}

// ---- one operation

function parameterRow(parameter, id) {
  const schema = resolve(parameter.schema || {});
  const input = schema.enum
    ? el("select", {id}, el("option", {value: ""}, "—"), schema.enum.map(value => el("option", {value}, String(value))))
    : el("input", {id, placeholder: schema.default !== undefined && schema.default !== null ? String(schema.default) : "", autocomplete: "off",
        spellcheck: "false", required: parameter.required});
  const listed = schema.type === "array" || (schema.anyOf || []).some(part => part.type === "array");
  const label = el("label", {for: id}, el("b", {}, parameter.name), parameter.required ? el("span", {class: "must", title: "required"}, " *") : "",
    el("span", {class: "tag"}, parameter.in + ", " + typeOf(parameter.schema) + (limitsOf(schema) ? ", " + limitsOf(schema) : "") +
      (listed ? "; several: separate with commas" : "")),
    parameter.description || schema.description ? el("span", {class: "tag"}, parameter.description || schema.description) : null);
  return {parameter, input, listed, row: [label, input]};
}

function requestOf(path, method, fields, body) {
  const query = new URLSearchParams();
  const headers = {};
  let target = path;
  for (const {parameter, input, listed} of fields) {
    const text = input.value;
    if (text === "" && parameter.in !== "path") continue;
    if (parameter.in === "path") target = target.replace("{" + parameter.name + "}", encodeURIComponent(text));
    else if (parameter.in === "query") (listed ? text.split(",") : [text]).forEach(part => query.append(parameter.name, part));
    else if (parameter.in === "header") headers[parameter.name] = text;
  }
  const url = new URL(base.href.replace(/\/$/, "") + target);
  url.search = query.toString();
  const request = {url, options: {method: method.toUpperCase(), headers}};
  if (body && body.area.value !== "") {
    headers["content-type"] = body.type();
    request.options.body = body.area.value;
  }
  return request;
}

const quoted = text => "'" + text.replace(/'/g, "'\\''") + "'";

function curlOf({url, options}) {
  let line = "curl";
  if (options.method !== "GET") line += options.method === "HEAD" ? " -I" : " -X " + options.method;
  line += " " + quoted(url.href);
  for (const [name, value] of Object.entries(options.headers)) line += " \\\n  -H " + quoted(name + ": " + value);
  if (options.body !== undefined) line += " \\\n  --data-binary " + quoted(options.body);
  return line;
}

async function send(request, answer) {
  answer.replaceChildren(el("p", {class: "dim"}, "Waiting for the answer…"));
  const begin = performance.now();
  try {
    const response = await fetch(request.url, request.options);
    const text = await response.text();
    const took = Math.round(performance.now() - begin);
    const type = response.headers.get("content-type") || "";
    let shown = text;
    if (/[/+]json/.test(type)) try { shown = pretty(JSON.parse(text)); } catch (error) { shown = text; }
    if (shown.length > 200000) shown = shown.slice(0, 200000) + "\n… cut here; use the curl line for all of it";
    const fields = [...response.headers].map(([name, value]) => name + ": " + value).join("\n");
    answer.replaceChildren(
      el("p", {}, el("span", {class: "status " + (response.ok ? "good" : "bad")}, response.status + " " + response.statusText),
        el("span", {class: "dim"}, " in " + took + " ms, " + new Blob([text]).size + " bytes")),
      shown === "" ? el("p", {class: "dim"}, "No body.") : el("pre", {tabindex: "0", class: "response-body"}, shown),
      el("details", {}, el("summary", {}, "Response headers"), el("pre", {}, fields)));
  } catch (error) {
    answer.replaceChildren(el("p", {class: "bad"}, "The request got no answer: " + error.message + ". Is the server still running?"));
  }
}

function tryIt(path, method, operation, id) {
  const parameters = (operation.parameters || []).map(resolve).filter(parameter => parameter.in !== "cookie");
  const fields = parameters.map((parameter, i) => parameterRow(parameter, id + "-" + i));
  const parts = [];
  if (fields.length) parts.push(el("h3", {}, "Parameters"), el("div", {class: "fields"}, fields.map(field => field.row)));
  let body = null;
  if (operation.requestBody) {
    const content = resolve(operation.requestBody).content || {};
    const types = Object.keys(content);
    const area = el("textarea", {id: id + "-body", spellcheck: "false"});
    const select = el("select", {"aria-label": "Media type"}, types.map(type => el("option", {value: type}, type)));
    const fill = () => {
      const media = content[select.value] || {};
      const sample = media.example !== undefined ? media.example : exampleOf(media.schema);
      area.value = /json/.test(select.value) ? pretty(sample) : typeof sample === "string" ? "" : pretty(sample);
    };
    fill();
    select.addEventListener("change", fill);
    body = {area, type: () => select.value};
    const schema = types.length ? content[types[0]].schema : null;
    parts.push(el("h3", {}, el("label", {for: id + "-body"}, "Body"), " ", el("span", {class: "dim"}, schema ? typeNode(schema) : "")),
      types.length > 1 ? select : null, area);
  }
  const answer = el("div", {class: "answer", "aria-live": "polite"});
  const curl = el("pre", {tabindex: "0", class: "curl"});
  const refresh = () => { curl.textContent = curlOf(requestOf(path, method, fields, body)); };
  const copy = el("button", {type: "button", on: {click: async () => {
    await navigator.clipboard.writeText(curl.textContent);
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy curl line"; }, 1500);
  }}}, "Copy curl line");
  const form = el("form", {novalidate: true, on: {
    input: refresh,
    submit: event => {
      event.preventDefault();
      const empty = fields.find(({parameter, input}) => parameter.in === "path" && input.value === "");
      if (empty) {
        answer.replaceChildren(el("p", {class: "bad"}, "Path parameter " + empty.parameter.name + " needs a value."));
        empty.input.focus();
        return;
      }
      refresh();
      send(requestOf(path, method, fields, body), answer);
    },
    keydown: event => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(); },
  }}, parts, el("p", {class: "bar"}, el("button", {class: "main send"}, "Send request"), navigator.clipboard ? copy : null), curl, answer);
  refresh();
  return form;
}

function responses(operation) {
  const rows = Object.entries(operation.responses || {}).map(([status, raw]) => {
    const response = resolve(raw);
    const content = Object.entries(response.content || {});
    return el("tr", {}, el("td", {class: "status"}, status), el("td", {}, response.description || ""),
      el("td", {}, content.map(([type, media], i) => [i ? el("br") : "", el("code", {}, type), " ", media.schema ? typeNode(media.schema) : ""]).flat()));
  });
  return [el("h3", {}, "Responses"), el("table", {}, el("tbody", {}, rows))];
}

function operationNode(path, method, operation) {
  const id = "op-" + (operation.operationId || method + path.replace(/\W/g, "_"));
  const inside = el("div", {class: "inside"});
  const node = el("details", {class: "op " + method + (operation.deprecated ? " deprecated" : ""), id},
    el("summary", {}, el("span", {class: "method"}, method.toUpperCase()), el("span", {class: "path"}, path),
      el("span", {class: "what"}, (operation.summary || "") + (operation.deprecated ? " (deprecated)" : ""))), inside);
  node.dataset.search = [method, path, operation.summary, operation.operationId, operation.description].join(" ").toLowerCase();
  node.addEventListener("toggle", () => {
    if (!node.open || inside.hasChildNodes()) return;
    if (operation.description) inside.append(el("p", {class: "lead"}, operation.description));
    inside.append(tryIt(path, method, operation, id), ...responses(operation));
  });
  return node;
}

// ---- models

function modelNode(name, schema) {
  const required = new Set(schema.required || []);
  const rows = Object.entries(schema.properties || {}).map(([field, property]) => el("tr", {},
    el("td", {}, el("code", {}, field), required.has(field) ? el("span", {class: "must", title: "required"}, " *") : ""),
    el("td", {}, typeNode(property)), el("td", {class: "dim"}, [limitsOf(property), property.description].filter(Boolean).join(". "))));
  const text = schema.enum ? schema.enum.map(value => JSON.stringify(value)).join(", ") : typeOf(schema);
  return el("details", {class: "model", id: "model-" + name}, el("summary", {}, el("span", {class: "path"}, name), schema.description ? el("span", {class: "what"}, schema.description) : null),
    el("div", {class: "inside"}, rows.length ? el("table", {}, el("tbody", {}, rows)) : el("p", {}, text)));
}

// ---- the page

function build() {
  const groups = new Map((spec.tags || []).map(tag => [tag.name, {text: tag.description, nodes: []}]));
  for (const [path, item] of Object.entries(spec.paths || {})) {
    for (const method of methods.filter(name => item[name])) {
      for (const tag of item[method].tags && item[method].tags.length ? item[method].tags : ["default"]) {
        if (!groups.has(tag)) groups.set(tag, {nodes: []});
        groups.get(tag).nodes.push(operationNode(path, method, item[method]));
      }
    }
  }
  const sections = [];
  for (const [tag, {text, nodes}] of groups) {
    if (nodes.length) sections.push(el("section", {}, el("h2", {}, tag), text ? el("p", {class: "dim"}, text) : null, nodes));
  }
  const models = Object.entries((spec.components || {}).schemas || {});
  if (models.length) sections.push(el("section", {}, el("h2", {}, "Models"), models.map(([name, schema]) => modelNode(name, schema))));
  const none = el("p", {class: "dim", hidden: true}, "Nothing fits this filter.");
  const filter = el("input", {type: "search", id: "filter", placeholder: "Filter operations", "aria-label": "Filter operations", on: {input: () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const section of sections) {
      let here = 0;
      for (const node of section.querySelectorAll(":scope > details")) {
        const text = node.dataset.search || node.id.toLowerCase();
        node.hidden = !words.every(word => text.includes(word));
        here += node.hidden ? 0 : 1;
      }
      section.hidden = here === 0;
      shown += here;
    }
    none.hidden = shown !== 0;
  }}});
  main.replaceChildren(el("div", {class: "bar"}, filter, el("span", {class: "dim"}, el("kbd", {}, "/"), " filter ", el("kbd", {}, "j"), " ", el("kbd", {}, "k"), " move ",
    el("kbd", {}, "Enter"), " open ", el("kbd", {}, "Ctrl Enter"), " send")), ...sections, none);
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if (event.key === "Escape" && typing) document.activeElement.blur();
    if (typing) return;
    if (event.key === "/") { event.preventDefault(); filter.focus(); }
    if (event.key === "j" || event.key === "k") {
      const all = [...main.querySelectorAll("section:not([hidden]) > details:not([hidden]) > summary")];
      const at = all.indexOf(document.activeElement);
      const next = event.key === "j" ? Math.min(at + 1, all.length - 1) : Math.max(at - 1, 0);
      if (all[next]) { all[next].focus(); all[next].scrollIntoView({block: "nearest"}); }
    }
  });
  const open = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  open();
}

fetch(new URL(main.dataset.openapi, location.href))
  .then(response => { if (!response.ok) throw new Error("it answered " + response.status); return response.json(); })
  .then(document => { spec = document; build(); })
  .catch(error => main.prepend(el("p", {class: "bad", role: "alert"}, "The API description could not be read: " + error.message + ". The list below still holds.")));
})();
)js";

}  // namespace hem::web::detail
