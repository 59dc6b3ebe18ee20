#include "hem/service/debug_page.hpp"

#include <memory>
#include <stdexcept>
#include <string_view>

#include "hem/core/loop.hpp"
#include "hem/web.hpp"

namespace hem::service {
namespace {

constexpr std::string_view page = R"page(<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Tasks</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 1rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .15rem .6rem .15rem 0; vertical-align: top; }
th { border-bottom: 1px solid; } td.number, th.number { text-align: right; }
#head { margin: .5rem 0 1rem; } .tree { white-space: pre; font-family: ui-monospace, monospace; } .bad { color: #c33; }
label { margin-right: 1rem; }
</style>
<h1>Tasks</h1>
<p id="head" role="status">asking …</p>
<p><label>Name or wait contains <input id="filter" type="search"></label><label><input id="pause" type="checkbox"> pause</label></p>
<table><thead><tr><th>Task<th class="number">Age<th class="number">Turns<th class="number">Busy<th>Waits for<th>At</tr></thead><tbody id="rows"></tbody></table>
<script>
const token = new URLSearchParams(location.search).get("token");
const element = name => document.getElementById(name);
const time = ms => ms < 1 ? (ms * 1000).toFixed(0) + " µs" : ms < 1000 ? ms.toFixed(0) + " ms" : ms < 120000 ? (ms / 1000).toFixed(1) + " s" : (ms / 60000).toFixed(0) + " min";
function wait(task) {
  const w = task.waits_for;
  if (!w) return task.state;
  return w.kind + (w.name ? " '" + w.name + "'" : "") + (w.owner ? " of " + w.owner : "") + (w.descriptor >= 0 ? " on descriptor " + w.descriptor : "") +
    (w.remaining_ms !== undefined ? ", " + time(w.remaining_ms) + " to go" : "");
}
function draw(loop) {
  element("head").className = "";
  element("head").textContent = "loop " + loop.name + ": " + loop.tasks.length + " tasks, " + loop.timers + " timers, " + loop.io_waiters +
    " waiting for I/O, " + loop.outside_work + " jobs in threads, lag " + time(loop.lag_ms) + ", " + loop.stalls + " stalls";
  const children = new Map(), known = new Set(loop.tasks.map(t => t.id));
  for (const t of loop.tasks) {
    const parent = t.parent && t.parent < t.id && known.has(t.parent) ? t.parent : 0;
    if (!children.has(parent)) children.set(parent, []);
    children.get(parent).push(t);
  }
  const wanted = element("filter").value.toLowerCase(), rows = document.createDocumentFragment();
  const stack = (children.get(0) || []).map(t => [t, 0]).reverse();
  while (stack.length) {
    const [t, depth] = stack.pop();
    for (const child of (children.get(t.id) || []).slice().reverse()) stack.push([child, depth + 1]);
    const what = wait(t);
    if (wanted && !(t.name + " " + what).toLowerCase().includes(wanted)) continue;
    const row = document.createElement("tr");
    const cell = (text, name) => { const c = row.insertCell(); c.textContent = text; if (name) c.className = name; return c; };
    cell("  ".repeat(wanted ? 0 : depth) + t.name, "tree").title = t.stack.map(f => f.function + (f.await ? ", await at " + f.await : "")).join("\n");
    cell(time(t.age_ms), "number"); cell(t.resumes, "number"); cell(time(t.busy_ms), "number"); cell(what); cell((t.waits_for && t.waits_for.at) || "");
    rows.append(row);
  }
  element("rows").replaceChildren(rows);
}
async function look() {
  if (!element("pause").checked) {
    try {
      const answer = await fetch("/debug/tasks.json", {headers: {authorization: "Bearer " + token}, signal: AbortSignal.timeout(2000)});
      if (!answer.ok) throw new Error("status " + answer.status);
      draw(await answer.json());
    } catch (error) {
      element("head").className = "bad";
      element("head").textContent = "no answer (" + error.message + "): the program has ended, or something blocks its loop";
    }
  }
  setTimeout(look, 1000);
}
look();
</script>
)page";

bool is_loopback(std::string_view peer) noexcept { return peer.starts_with("127.") || peer == "::1" || peer.starts_with("::ffff:127."); }

// Takes as long for every wrong token of one length.
bool same(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    unsigned char difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
    return difference == 0;
}

std::string_view token_of(const http::request& request) {
    if (const auto header = request.headers().get("authorization"); header && header->starts_with("Bearer ")) return header->substr(7);
    std::string_view query = request.query();
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto part = query.substr(0, end);
        if (part.starts_with("token=")) return part.substr(6);
        query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    }
    return {};
}

}  // namespace

void add_debug_page(web::app& app, std::string token) {
    if (token.size() < 16) throw std::invalid_argument("the debug page's token needs at least 16 characters");
    app.use(
        [secret = std::make_shared<const std::string>(std::move(token))](http::request& request, web::next& next) -> task<http::response> {
            if (request.path().starts_with("/debug/")) {
                // To everybody else there is no such page.
                if (!is_loopback(request.peer())) co_return http::response(404, R"({"detail":"Not Found"})", "application/json");
                if (!same(token_of(request), *secret)) {
                    co_return http::response(401, R"({"detail":"the token that the program printed at its start is missing or wrong"})",
                                             "application/json");
                }
            }
            co_return co_await next(request);
        });
    const web::route_options quiet{.include_in_schema = false};
    app.get(
        "/debug/tasks", []() -> task<http::response> { co_return http::response(200, std::string(page), "text/html; charset=utf-8"); },
        quiet);
    app.get(
        "/debug/tasks.json",
        []() -> task<http::response> { co_return http::response(200, loop::current().snapshot(), "application/json"); }, quiet);
}

}  // namespace hem::service
