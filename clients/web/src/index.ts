// Follows Sluice's topics in a page. See README.md.

export { follow, type FollowOptions, type Stream } from './follow.js';
export { SluiceError, history, stop, type HistoryOptions, type RequestOptions } from './requests.js';
export type { Ended, Gap, History, SluiceEvent } from './types.js';
