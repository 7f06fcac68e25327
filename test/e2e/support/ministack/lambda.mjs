/**
 * Loaded before each function: its files are in /var/task, and what it puts to S3 for CloudFormation reaches ministack. It
 * touches nothing else.
 */
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';

const S3 = /^cloudformation-custom-resource-response-.*\.amazonaws\.com$/;
const TASK = '/var/task/';

const { request } = https;
const led = (url, ...rest) => {
  if (!(url instanceof URL && S3.test(url.hostname))) return request(url, ...rest);
  const place = `${process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL}/_ministack/cfn-response${url.pathname}`;
  return http.request(place, ...rest);
};
// ministack would lead all hosts of AWS to itself, and so this answer to a bucket: what it sets is left out.
Object.defineProperty(https, 'request', { configurable: true, get: () => led, set: () => undefined });

const { existsSync, readFileSync } = fs;
const placeOf = path => (`${path}`.startsWith(TASK) ? `${process.cwd()}/${path.slice(TASK.length)}` : path);
fs.readFileSync = (path, ...rest) => readFileSync(placeOf(path), ...rest);
fs.existsSync = path => existsSync(placeOf(path));

syncBuiltinESMExports();
