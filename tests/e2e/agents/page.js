// How docs/clients.md tells a reader to start a client, so that the test does what the page says.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const page = fileURLToPath(new URL('../../../docs/clients.md', import.meta.url));

// What stands on the page for the address of secondwind and for a model.
const address = '127.0.0.1:1235';
const model = 'qwen/qwen3-coder-30b';

const block = /([^\n]*)\n*```(\w+)\n([\s\S]*?)^```$/gm;

// The section below a heading as { environment, files, commands }: the exported variables, the
// { path, text } of files in the home folder, and the other lines of `sh` as lists of words. `url`
// and `name` take the places of the page's address and model.
export async function section(heading, { url, name }) {
  const { host } = new URL(url);
  const text = (await readFile(page, 'utf8')).replaceAll(address, host).replaceAll(model, name);
  const below = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (!below) throw new Error(`${page} has no heading "${heading}"`);
  const found = { environment: {}, files: [], commands: [] };
  for (const [, before, language, content] of below.matchAll(block)) {
    if (language !== 'sh') {
      const path = before.match(/`~\/([^`]+)`:$/)?.[1];
      if (!path) throw new Error(`${page}: "${before}" names no file for the block below it`);
      found.files.push({ path, text: content });
      continue;
    }
    for (const line of content.trim().split('\n')) {
      const exported = line.match(/^export (\w+)=(\S*)$/);
      if (exported) found.environment[exported[1]] = exported[2];
      else found.commands.push(line.split(' '));
    }
  }
  return found;
}
