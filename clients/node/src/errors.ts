// Why publishing failed for good.

import { status, type Metadata } from '@grpc/grpc-js';
import { BinaryReader } from '@bufbuild/protobuf/wire';

/** What is wrong with a request, out of its google.rpc.BadRequest. */
export interface Violation {
  /** For example `requests[2].events[5].id`; requests are counted within the last call. */
  field: string;
  description: string;
}

/** A final error: what was not acknowledged will not be sent again. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
  /** A gRPC status code; `status.FAILED_PRECONDITION`, for example, if the topic has ended. */
  readonly code: number;
  /** Its name. */
  readonly codeName: string;
  /** What the bridge said. */
  readonly details: string;
  /** Events stored before it. */
  readonly accepted: number;
  /** Events that were published and not acknowledged. */
  readonly unacknowledged: number;
  /** What INVALID_ARGUMENT is about. */
  readonly violations: Violation[];

  constructor(code: number, details: string, { accepted = 0, unacknowledged = 0, violations = [], cause }:
      Partial<Pick<PublishError, 'accepted' | 'unacknowledged' | 'violations' | 'cause'>> = {}) {
    super(`${status[code] ?? code}: ${details}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.codeName = status[code] ?? String(code);
    this.details = details;
    this.accepted = accepted;
    this.unacknowledged = unacknowledged;
    this.violations = violations;
  }
}

// Calls `found` with each length-delimited field of a message.
function fields(bytes: Uint8Array, found: (number: number, value: Uint8Array) => void): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type === 2) found(number, reader.bytes());
    else reader.skip(type);
  }
}

/** The violations in `grpc-status-details-bin`: Status.details (3) = Any, BadRequest.field_violations (1). */
export function violationsOf(metadata: Metadata): Violation[] {
  const violations: Violation[] = [];
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  for (const details of metadata.get('grpc-status-details-bin')) {
    if (typeof details === 'string') continue;
    fields(details, (number, any) => {
      if (number !== 3) return;
      const parts: Uint8Array[] = [];
      fields(any, (part, value) => { parts[part] = value; });
      if (!parts[1] || !parts[2] || !text(parts[1]).endsWith('/google.rpc.BadRequest')) return;
      fields(parts[2], (_, violation) => {
        const named = { field: '', description: '' };
        fields(violation, (part, value) => {
          if (part === 1) named.field = text(value);
          if (part === 2) named.description = text(value);
        });
        violations.push(named);
      });
    });
  }
  return violations;
}

/** How many events a failed call stored before the request it failed for, if the bridge says so. */
export function acceptedOf(metadata: Metadata): number | undefined {
  const [accepted] = metadata.get('sluice-accepted');
  return accepted === undefined ? undefined : Number(accepted);
}
