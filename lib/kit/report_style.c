#include "kit/report_style.h"

/* clang-format off */

/* Eight colours that stay apart for common kinds of colour blindness, one set per background. */
#define LIGHT \
    "--bg:#fbfbfa;--card:#fff;--ink:#1d2129;--soft:#667085;--line:#e3e5e9;--head:#f3f4f6;" \
    "--good:#0b7a4b;--warn:#9a5b00;--bad:#b42318;--good-bg:#e7f6ee;--warn-bg:#fdf3df;--bad-bg:#fdeceb;" \
    "--c0:#2f6fde;--c1:#e0761a;--c2:#1a9c74;--c3:#b455b4;--c4:#c8a200;--c5:#4fa8d8;--c6:#d2435c;--c7:#6b7280;"
#define DARK \
    "--bg:#14161a;--card:#1c1f25;--ink:#e6e8ec;--soft:#9aa3b2;--line:#31363f;--head:#242830;" \
    "--good:#4cc38a;--warn:#f0b35a;--bad:#ff8a80;--good-bg:#153226;--warn-bg:#382a10;--bad-bg:#3d1d1b;" \
    "--c0:#6ea0ff;--c1:#ff9c4a;--c2:#45c8a0;--c3:#d98cdc;--c4:#e3c43c;--c5:#82cdf2;--c6:#ff7d92;--c7:#a5adba;"
#define COLOUR(i) ".c" #i "{--c:var(--c" #i ")}"

const char report_style[] =
    ":root{" LIGHT "}\n"
    "@media(prefers-color-scheme:dark){:root{" DARK "}}\n"
    COLOUR(0) COLOUR(1) COLOUR(2) COLOUR(3) COLOUR(4) COLOUR(5) COLOUR(6) COLOUR(7) "\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--bg);color:var(--ink);font:14px/1.5 system-ui,sans-serif}\n"
    "header,main{max-width:1440px;margin:auto;padding:0 24px}\n"
    "header{padding-top:28px}h1{margin:0;font-size:24px}header p{margin:2px 0 10px;color:var(--soft)}\n"
    "nav a{margin-right:14px}a{color:var(--c0)}\n"
    "section{margin:26px 0}h2{font-size:18px;margin:0 0 10px}\n"
    ".note{padding:9px 13px;border-radius:8px;border:1px solid var(--line);background:var(--card)}\n"
    ".note.good{background:var(--good-bg);color:var(--good)}.note.warn{background:var(--warn-bg);color:var(--warn)}\n"
    ".note.bad{background:var(--bad-bg);color:var(--bad)}\n"
    ".figures{display:flex;flex-wrap:wrap;gap:12px;margin:12px 0}\n"
    ".figures div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px 16px;min-width:110px}\n"
    ".figures dt{color:var(--soft);font-size:12px}.figures dd{margin:0;font-size:20px;font-weight:600}\n"
    ".grid{display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start}\n"
    ".grid>figure{flex:1 1 calc(var(--w,460px)*.83);max-width:calc(var(--w,460px) + 26px)}\n"
    "figure{margin:0 0 14px;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px;max-width:100%}\n"
    "figure.compact{padding:0;margin:0;border:0;background:none;max-width:none}figure.compact svg{max-width:none}figcaption{font-weight:600;margin-bottom:6px}\n"
    "svg{display:block;max-width:100%;height:auto}\n"
    "svg text{font-size:11px;fill:var(--soft)}svg .name,svg .label{fill:var(--ink)}svg .name{font-size:12px}\n"
    ".grid line,.grid{stroke-width:1}line.grid{stroke:var(--line)}line.axis{stroke:var(--soft)}\n"
    "line.reference,polyline.reference{stroke:var(--soft);stroke-dasharray:5 4;fill:none}\n"
    "polyline.line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round}polyline.dashed{stroke-dasharray:6 4}\n"
    "circle{fill:var(--c)}.bar{fill:var(--c)}.interval{stroke:var(--ink);stroke-width:1.5}\n"
    ".area{fill:var(--c);fill-opacity:.28}.edge{fill:none;stroke:var(--c);stroke-width:1.6}\n"
    ".area:hover{fill-opacity:.6}.bar:hover{fill-opacity:.75}\n"
    ".legend span{margin-right:16px}.legend i{display:inline-block;width:11px;height:11px;border-radius:3px;"
    "background:var(--c);margin-right:6px;vertical-align:-1px}\n"
    ".scroll{overflow-x:auto;margin-bottom:14px;border:1px solid var(--line);border-radius:10px;background:var(--card)}\n"
    "table{border-collapse:collapse;width:100%}caption{text-align:left;padding:8px 12px;color:var(--soft)}\n"
    "th{background:var(--head);text-align:left;font-weight:600;cursor:pointer;white-space:nowrap;user-select:none}\n"
    "th,td{padding:6px 12px;border-bottom:1px solid var(--line);vertical-align:middle}tbody tr:last-child td{border-bottom:0}\n"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}td:first-child{min-width:120px;overflow-wrap:break-word;font-weight:600}\n"
    "th[aria-sort=ascending]:after{content:' \\2191'}th[aria-sort=descending]:after{content:' \\2193'}\n"
    "tr.good td:first-child{box-shadow:inset 3px 0 var(--good)}tr.warn td:first-child{box-shadow:inset 3px 0 var(--warn)}\n"
    "tr.bad td:first-child{box-shadow:inset 3px 0 var(--bad)}\n"
    "input[type=search]{margin:0 0 8px;padding:7px 11px;width:260px;max-width:100%;border:1px solid var(--line);"
    "border-radius:8px;background:var(--card);color:inherit;font:inherit}\n"
    ".share{display:block;min-width:64px;padding:0 4px;border-radius:4px;"
    "background:linear-gradient(to right,color-mix(in srgb,var(--c0) 28%,transparent) var(--w),transparent var(--w))}\n"
    "@media print{header,main{max-width:none}input[type=search]{display:none}}\n";

const char report_script[] =
    "for(const box of document.querySelectorAll('.table')){\n"
    " const table=box.querySelector('table'),body=table.tBodies[0],rows=[...body.rows];\n"
    " const key=(row,i)=>{const c=row.cells[i];return c.dataset.v!==undefined?+c.dataset.v:c.innerText.trim()};\n"
    " [...table.tHead.rows[0].cells].forEach((th,i)=>{\n"
    "  th.tabIndex=0;\n"
    "  th.onclick=()=>{\n"
    "   const up=th.getAttribute('aria-sort')!=='ascending',sign=up?1:-1;\n"
    "   for(const other of table.tHead.rows[0].cells)other.removeAttribute('aria-sort');\n"
    "   th.setAttribute('aria-sort',up?'ascending':'descending');\n"
    "   const number=th.classList.contains('n');\n"
    "   rows.map((row,at)=>({row,at,k:key(row,i)})).sort((a,b)=>{\n"
    "    const x=a.k,y=b.k,nx=number&&typeof x!=='number',ny=number&&typeof y!=='number';\n"
    "    if(nx||ny)return nx-ny||a.at-b.at;\n"
    "    return (number?(x>y)-(x<y):String(x).localeCompare(String(y)))*sign||a.at-b.at;\n"
    "   }).forEach(e=>body.append(e.row));\n"
    "  };\n"
    "  th.onkeydown=e=>{if(e.key==='Enter'||e.key===' '){e.preventDefault();th.onclick()}};\n"
    " });\n"
    " const search=box.querySelector('input[type=search]');\n"
    " if(search)search.oninput=()=>{\n"
    "  const words=search.value.toLowerCase().split(/\\s+/).filter(Boolean);\n"
    "  for(const row of rows){const t=row.textContent.toLowerCase();row.hidden=!words.every(w=>t.includes(w))}\n"
    " };\n"
    "}\n";
