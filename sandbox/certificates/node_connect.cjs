// For NODE_OPTIONS=--require: leads connections to WeChat's hosts to wxpay-sandbox, because most of Node's HTTP clients
// know no proxy. Only where a connection goes is changed: names, certificates and all else stay the client's business.
'use strict';
const { Socket } = require('node:net');

const { WXPAY_SANDBOX_URL, WXPAY_SANDBOX_HTTPS_URL } = process.env;
const ports = { 80: WXPAY_SANDBOX_URL, 443: WXPAY_SANDBOX_HTTPS_URL };
const hosts = new Set([/* hosts */]);
const connect = Socket.prototype.connect;

Socket.prototype.connect = function (...given) {
  const args = Array.isArray(given[0]) ? given[0] : given; // a list: Node's own modules have been here before
  const [first, second] = args;
  const options = typeof first === 'object' ? first : { port: first, host: typeof second === 'string' ? second : undefined };
  const to = ports[options?.port];
  if (!to || !hosts.has(String(options.host).toLowerCase().replace(/\.$/, ''))) return Reflect.apply(connect, this, given);
  const { hostname, port } = new URL(to);
  const led = { ...options, host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || Number(options.port), lookup: undefined };
  const done = args.filter((each) => typeof each === 'function').pop();
  return Reflect.apply(connect, this, done ? [led, done] : [led]);
};
