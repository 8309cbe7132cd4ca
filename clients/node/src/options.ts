// Where the bridge is, and as whom it is called.

import { Metadata, credentials, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';
import { PublisherServiceClient } from './gen/sluice/v1/publisher_service.js';
import { OnAbort } from './gen/sluice/v1/event.js';

export interface CallOptions {
  /** Default: no TLS. */
  credentials?: ChannelCredentials;
  /** Sent with each call; a function is asked for each call anew, so that a token may be a fresh one. */
  metadata?: Metadata | (() => Metadata | Promise<Metadata>);
  /** What becomes of a topic if this producer leaves without ending it: it stays open ('keep', the default) or fails ('fail'). */
  onAbort?: 'keep' | 'fail';
  /** Options of grpc-js's channel; they win over the helper's. */
  channelOptions?: ChannelOptions;
}

// A peer that has fallen silent is found by pings, and one that comes back is found soon. A message that was written is resent
// by the Publisher alone.
const CHANNEL: ChannelOptions = {
  'grpc.enable_retries': 0,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 5000,
  'grpc.keepalive_time_ms': 20000,
  'grpc.keepalive_timeout_ms': 10000,
};

export function connect(target: string, options: CallOptions): PublisherServiceClient {
  return new PublisherServiceClient(target, options.credentials ?? credentials.createInsecure(),
                                    { ...CHANNEL, ...options.channelOptions });
}

export async function metadataOf({ metadata }: CallOptions): Promise<Metadata> {
  return (typeof metadata === 'function' ? await metadata() : metadata) ?? new Metadata();
}

export function onAbortOf({ onAbort }: CallOptions): OnAbort {
  return onAbort === 'fail' ? OnAbort.ON_ABORT_FAIL : OnAbort.ON_ABORT_UNSPECIFIED;
}
