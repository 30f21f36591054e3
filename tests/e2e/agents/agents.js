// The coding agents of the field, as they are installed: how each is told to use secondwind alone.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { wanted } from '../models.js';

// `path` is the interface that it uses, `tool` the tool of it that runs a command. `start()` resolves
// to the { arguments, environment } of a run in `folder`. No key is a real one.
export const agents = [
  {
    name: 'Claude Code',
    command: 'claude',
    path: '/v1/messages',
    tool: 'Bash',
    arguments_of: (command) => ({ command, description: 'Does the work' }),
    start: async ({ url, task }) => ({
      arguments: ['--print', task, '--allowedTools', 'Bash'],
      environment: {
        ANTHROPIC_BASE_URL: url,
        ANTHROPIC_AUTH_TOKEN: 'lm-studio',
        ANTHROPIC_MODEL: wanted,
        ANTHROPIC_DEFAULT_HAIKU_MODEL: wanted,
        ANTHROPIC_SMALL_FAST_MODEL: wanted,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      },
    }),
  },
  {
    name: 'Codex',
    command: 'codex',
    path: '/v1/responses',
    tool: 'exec_command',
    arguments_of: (cmd) => ({ cmd }),
    start: async ({ url, task, folder }) => {
      const config = [
        `model = ${JSON.stringify(wanted)}`,
        'model_provider = "secondwind"',
        '[model_providers.secondwind]',
        'name = "secondwind"',
        `base_url = ${JSON.stringify(`${url}/v1`)}`,
        'wire_api = "responses"',
        'env_key = "SECONDWIND_KEY"',
      ];
      await writeFile(join(folder, 'config.toml'), config.join('\n'));
      // The folder is made for this run, so nothing has to be kept from the agent.
      const free = ['--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'];
      return {
        arguments: ['exec', ...free, task],
        environment: { CODEX_HOME: folder, SECONDWIND_KEY: 'lm-studio' },
      };
    },
  },
  {
    name: 'opencode',
    command: 'opencode',
    path: '/v1/chat/completions',
    tool: 'bash',
    arguments_of: (command) => ({ command, description: 'Does the work' }),
    start: async ({ url, task, folder }) => {
      const config = {
        provider: {
          secondwind: {
            npm: '@ai-sdk/openai-compatible',
            options: { baseURL: `${url}/v1`, apiKey: 'lm-studio' },
            models: { [wanted]: { tool_call: true } },
          },
        },
        model: `secondwind/${wanted}`,
        small_model: `secondwind/${wanted}`,
        permission: { bash: 'allow' },
      };
      await writeFile(join(folder, 'opencode.json'), JSON.stringify(config));
      return {
        arguments: ['run', task],
        environment: { OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_AUTOUPDATE: '1' },
      };
    },
  },
];
