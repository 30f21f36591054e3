// What to do about a host that is down. Pure.
const advices = [
  [
    /refused/i,
    ({ port, here }) =>
      here
        ? `Nothing listens on port ${port}. Start LM Studio's server: in the app under Developer, or with "lms server start --port ${port}".`
        : `The machine answers, but nothing listens on port ${port} there. Start LM Studio's server there, and turn on "Serve on Local Network".`,
  ],
  [
    /time|within|unreachable|no route/i,
    ({ name }) =>
      `Check that the machine ${name} is on and in this network, and that its firewall lets the port pass.`,
  ],
  [
    /resolve|not found|name/i,
    ({ name }) => `The name ${name} has no address. Check its spelling in upstreams[].url, and the DNS.`,
  ],
  [
    /certificate|tls|ssl/i,
    () => 'Check the certificate of the host, and the CA that is configured for it (upstreams[].ca_file).',
  ],
];

// Nothing for a host that is not down.
export function advice_of({ state, reason, url }) {
  if (state !== 'down') return '';
  const { hostname: name, port, protocol } = new URL(url);
  const here = ['localhost', '[::1]'].includes(name) || name.startsWith('127.');
  const found = advices.find(([pattern]) => pattern.test(reason ?? ''));
  const about = { name, here, port: port || (protocol === 'https:' ? '443' : '80') };
  const own = found ? found[1](about) : `Check that LM Studio is running at ${url}.`;
  return `${own} "secondwind doctor" examines all hosts.`;
}
