/**
 * The report of an audit as one HTML file. It loads nothing: a Content-Security-Policy allows only the script and the style
 * that it contains, by their hashes. All text of the report is data of the script, which writes it as text.
 */
import { createHash } from 'node:crypto';
import type { AuditReport } from '../../../core/advice/audit/audit.ts';
import { AUDIT_CODES, ruleOf } from '../../../core/advice/audit/rules.ts';
import { summaryOf } from '../../../core/advice/audit/summary.ts';
import SCRIPT from './page.client.js';
import STYLE from './page.css';

export function formatAuditPage(report: AuditReport): string {
  const { findings, graph, limits, at } = report;
  const rules = Object.fromEntries(
    AUDIT_CODES.map((code) => [code, { meaning: ruleOf(code).meaning, action: ruleOf(code).action }]),
  );
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(SCRIPT)}`,
    `style-src ${hashOf(STYLE)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Audit of secrets</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Audit of secrets</h1>
<p>${escaped(at)}: ${escaped(summaryOf(report))}.</p>
</header>
<main>
<noscript><p>This page needs JavaScript. Use --format markdown for a report without it.</p></noscript>
<section aria-labelledby="findings-title">
<h2 id="findings-title">Findings</h2>
<div class="controls">
<label>Filter<br><input type="search" id="filter" autocomplete="off"></label>
<label>Code<br><select id="codes"><option value="">all</option></select></label>
<fieldset><legend>Level</legend>
<label><input type="checkbox" name="level" value="error" checked> error</label>
<label><input type="checkbox" name="level" value="warning" checked> warning</label>
<label><input type="checkbox" name="level" value="note" checked> note</label>
</fieldset>
</div>
<p id="findings-count" role="status" class="soft"></p>
<div class="scroll"><table>
<thead><tr><th scope="col">Level</th><th scope="col">Code</th><th scope="col">Finding</th><th scope="col">Workloads</th></tr></thead>
<tbody id="findings"></tbody>
</table></div>
<p><button type="button" id="findings-more" hidden>Show more findings</button></p>
</section>
<section aria-labelledby="access-title">
<h2 id="access-title">Access</h2>
<p>Select a workload, service account, role, statement or secret to see what it can reach, and what can reach it.</p>
<form class="controls">
<label>Find<br><input type="search" id="find" autocomplete="off"></label>
<label>Kind<br><select id="kinds">
<option value="">all</option>
<option value="workload">workloads</option>
<option value="account">service accounts</option>
<option value="role">roles</option>
<option value="statement">statements</option>
<option value="secret">secrets</option>
</select></label>
<span id="nodes-count" role="status" class="soft"></span>
</form>
<ul id="nodes"></ul>
<p><button type="button" id="nodes-more" hidden>Show more</button></p>
<div id="chosen" hidden>
<h3 id="selected" tabindex="-1"></h3>
<p class="soft">Bold: requested. Dashed line: allowed, and not requested. Thick line: requested, and not allowed. Dotted line: not decided.</p>
<div id="graph" class="scroll"></div>
<div id="connected"></div>
</div>
</section>
<section aria-labelledby="limits-title">
<h2 id="limits-title">Not checked</h2>
<ul>${limits.map((one) => `<li>${escaped(one)}</li>`).join('')}</ul>
</section>
</main>
<script type="application/json" id="report">${dataOf({ findings, graph, rules })}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}

/** JSON that no text can end as an element of the page. */
function dataOf(value: object): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
