// The process that the clients talk to: see stage.cpp. SECONDWIND_STAGE names its executable.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export class Stage {
  #child;
  #lines;

  // Resolves to a stage whose `url` is the proxy's, and `several` that of a proxy with two hosts.
  // `emulator` is the URL of its LM Studio. A string is the key that clients have to send; an object
  // sets up the stage, as stage.cpp explains.
  static async open(setup) {
    const path = process.env.SECONDWIND_STAGE;
    if (!path) throw new Error('SECONDWIND_STAGE must name the e2e_stage executable');
    const stage = new Stage();
    const argument = typeof setup === 'object' ? JSON.stringify(setup) : setup;
    stage.#child = spawn(path, argument ? [argument] : [], { stdio: ['pipe', 'pipe', 'inherit'] });
    stage.#lines = createInterface({ input: stage.#child.stdout })[Symbol.asyncIterator]();
    Object.assign(stage, await stage.#answer());
    return stage;
  }

  // Sends a command and resolves to its answer.
  async tell(command) {
    this.#child.stdin.write(JSON.stringify(command) + '\n');
    const answer = await this.#answer();
    if (answer.error) throw new Error(`${JSON.stringify(command)}: ${answer.error}`);
    return answer;
  }

  async close() {
    const exited = once(this.#child, 'exit');
    this.#child.stdin.end();
    const [code] = await exited;
    if (code !== 0) throw new Error(`the stage ended with ${code}`);
  }

  async #answer() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the stage has gone');
    return JSON.parse(value);
  }
}
