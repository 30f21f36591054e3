// The coding agents of the field. How each is told to use secondwind is on the page for users
// (page.js); here is what a test has to add: a task without questions, and no other traffic.

// `name` is the heading of the page, `path` the interface that it uses, `tool` the tool of it that
// runs a command, and `run` makes the arguments of a run from those of the page.
export const agents = [
  {
    name: 'Claude Code',
    command: 'claude',
    path: '/v1/messages',
    tool: 'Bash',
    arguments_of: (command) => ({ command, description: 'Does the work' }),
    run: (given, task) => [...given, '--print', task, '--allowedTools', 'Bash'],
    environment: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' },
  },
  {
    name: 'Codex',
    command: 'codex',
    path: '/v1/responses',
    tool: 'exec_command',
    arguments_of: (cmd) => ({ cmd }),
    // The folder is made for this run, so nothing has to be kept from the agent.
    run: (given, task) => [
      'exec',
      ...given,
      '--skip-git-repo-check',
      '--dangerously-bypass-approvals-and-sandbox',
      task,
    ],
  },
  {
    name: 'opencode',
    command: 'opencode',
    path: '/v1/chat/completions',
    tool: 'bash',
    arguments_of: (command) => ({ command, description: 'Does the work' }),
    run: (given, task) => ['run', ...given, task],
    environment: {
      OPENCODE_CONFIG_CONTENT: JSON.stringify({ permission: { bash: 'allow' } }),
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_AUTOUPDATE: '1',
    },
  },
  {
    name: 'Continue',
    command: 'cn',
    path: '/v1/chat/completions',
    tool: 'Bash',
    arguments_of: (command) => ({ command }),
    run: (given, task) => [...given, '--auto', '--print', task],
    environment: { CONTINUE_TELEMETRY_ENABLED: '0' },
  },
  {
    name: 'Cline',
    command: 'cline',
    path: '/v1/chat/completions',
    tool: 'run_commands',
    arguments_of: (command) => ({ commands: [command] }),
    run: (given, task) => [...given, '--auto-approve', 'true', task],
    environment: { CLINE_TELEMETRY_DISABLED: '1' },
  },
  {
    name: 'Qwen Code',
    command: 'qwen',
    path: '/v1/chat/completions',
    tool: 'run_shell_command',
    arguments_of: (command) => ({ command, description: 'Does the work', is_background: false }),
    run: (given, task) => [...given, '--yolo', task],
  },
];
