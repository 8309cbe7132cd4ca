// Publishes events to Sluice from Node.js. See README.md.

export { PublishError, type Violation } from './errors.js';
export type { EndError, EventInput } from './event.js';
export type { Feedback } from './feedback.js';
export type { CallOptions } from './options.js';
export { publishOnce, type PublishOnceOptions } from './publish_once.js';
export { Publisher, type PublisherOptions, type Totals } from './publisher.js';
export type { StreamOptions } from './stream.js';
