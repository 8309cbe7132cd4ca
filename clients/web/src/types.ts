// What the bridge sends, as JSON has it.

/** One event of a topic. */
export interface SluiceEvent {
  topic: string;
  /** Resumes a stream of the same topics after this event. */
  id: string;
  /** Its place in the bridge's log, whichever topic it came from. */
  cursor: string;
  /** `message` if its producer gave it none. */
  type: string;
  /** The text, with LF between its lines. */
  data: string;
  /** Whether the text is JSON. */
  json: boolean;
  /** The parsed text if that is JSON, otherwise the text. */
  value: any;
  /** When the bridge stored it, by RFC 3339. */
  time: string;
}

/** Events that were asked for and are no longer kept. What still is follows. */
export interface Gap {
  requested: string;
  resumed: string;
  reason: 'trimmed' | 'unknown_id' | 'epoch_changed' | 'gone';
  topics: string[];
}

/** One of several topics has ended; with an error, it failed. */
export interface Ended {
  topic: string;
  error: { code: string; message: string } | null;
}

/** A page of what a topic keeps. */
export interface History {
  topic: string;
  events: SluiceEvent[];
  /** Where a stream or the next page goes on. */
  cursor: string;
  /** Whether this page reaches the topic's end. */
  ended: boolean;
  error: { code: string; message: string } | null;
  gap: Gap | null;
}
