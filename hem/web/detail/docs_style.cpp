// The look of /docs. Read by docs_page.cpp, which puts it into the page with its hash in the Content-Security-Policy.
#include "hem/web/detail/docs_assets.hpp"

namespace hem::web::detail {

const std::string_view docs_style = R"css(
:root{color-scheme:light dark;--bg:#fcfcfa;--card:#fff;--text:#1d2129;--dim:#5b6472;--line:#dfe2e6;--accent:#2458c5;--code:#f2f4f6;
--get:#1b6ac9;--post:#1a7f4b;--put:#a15c00;--patch:#7d4bb3;--delete:#b8323a;--other:#56616e;--bad:#b8323a;--good:#1a7f4b}
@media (prefers-color-scheme:dark){:root{--bg:#14171b;--card:#1b1f25;--text:#e4e7eb;--dim:#9aa4b1;--line:#313842;--accent:#86aef7;--code:#252b33;
--get:#6fa8f5;--post:#5cc48d;--put:#e0a458;--patch:#b792e8;--delete:#f08a90;--other:#9aa4b1;--bad:#f08a90;--good:#5cc48d}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--bg);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.page{max-width:68rem;margin:0 auto;padding:1.5rem 1rem 4rem}
.skip{position:absolute;left:-100vw}
.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem;z-index:2}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .25rem}
h1 small{font-size:.9rem;font-weight:500;color:var(--dim);margin-left:.5rem}
h2{font-size:1.15rem;margin:2rem 0 .6rem}
h3{font-size:.95rem;margin:1.25rem 0 .4rem}
a{color:var(--accent)}
p{margin:.4rem 0}
.dim{color:var(--dim)}
.lead{white-space:pre-line;max-width:48rem}
code,pre,textarea,.path{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.875rem}
pre,textarea{background:var(--code);border:1px solid var(--line);border-radius:6px;padding:.7rem;margin:.3rem 0;overflow:auto;max-height:28rem;white-space:pre-wrap;overflow-wrap:anywhere}
textarea{display:block;width:100%;min-height:9rem;color:inherit;resize:vertical}
input,select,button{font:inherit;font-size:.9rem;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.35rem .6rem}
input{width:100%}
button{cursor:pointer}
button.main{background:var(--accent);border-color:var(--accent);color:var(--bg);font-weight:600}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.bar{display:flex;gap:.6rem;align-items:center;margin:1.25rem 0 0;flex-wrap:wrap}
.bar input{flex:1 1 16rem}
kbd{border:1px solid var(--line);border-bottom-width:2px;border-radius:4px;padding:0 .35rem;font-size:.8rem}
details.op,details.model{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:.45rem 0}
summary{cursor:pointer}
section>details>summary{list-style:none;padding:.55rem .8rem;display:flex;gap:.7rem;align-items:baseline;border-radius:8px;flex-wrap:wrap}
section>details>summary::-webkit-details-marker{display:none}
section>details>summary:hover{background:var(--code)}
section>details[open]>summary{border-bottom:1px solid var(--line);border-radius:8px 8px 0 0}
.inside{padding:.4rem .9rem 1rem}
.method{font-weight:700;font-size:.78rem;letter-spacing:.03em;min-width:4.2rem;color:var(--other)}
.get .method{color:var(--get)}.post .method{color:var(--post)}.put .method{color:var(--put)}.patch .method{color:var(--patch)}.delete .method{color:var(--delete)}
.path{font-weight:600;overflow-wrap:anywhere}
.deprecated .path{text-decoration:line-through}
.what{color:var(--dim);font-size:.92rem}
.fields{display:grid;grid-template-columns:minmax(9rem,1fr) minmax(10rem,2fr);gap:.5rem 1rem;align-items:start}
.fields label,.fields .name{padding-top:.35rem}
.fields .name b,.fields label b{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.9rem}
.must{color:var(--bad)}
.tag{font-size:.78rem;color:var(--dim);display:block}
.status{font-weight:700;white-space:nowrap;overflow-wrap:normal}
.good{color:var(--good)}.bad{color:var(--bad)}
.answer{margin-top:.8rem}
.plain{padding-left:1.2rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
[hidden]{display:none!important}
@media (max-width:40rem){.fields{grid-template-columns:1fr}.fields label{padding-top:0}.what{flex-basis:100%}}
)css";

}  // namespace hem::web::detail
