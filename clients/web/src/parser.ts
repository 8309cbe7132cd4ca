// Server-sent events out of text, by WHATWG HTML 9.2.6.

export interface Found {
  event: (type: string, data: string, lastEventId: string) => void;
  /** The last event ID from now on, whether there is an event or not. */
  id: (lastEventId: string) => void;
  retry: (ms: number) => void;
}

/** Returns a function that takes the text of a stream, however it is split. `id` is the last one of the stream before. */
export function parser(found: Found, id: string): (text: string) => void {
  let rest = '';
  let afterCr = false;  // an LF that comes first belongs to it
  let type = '';
  let data = '';

  const line = (text: string) => {
    if (!text) {
      found.id(id);
      if (data) found.event(type || 'message', data.slice(0, -1), id);
      type = data = '';
      return;
    }
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(text)!;
    if (name === 'data') data += `${value}\n`;
    else if (name === 'event') type = value;
    else if (name === 'id' && !value.includes('\0')) id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) found.retry(Number(value));
  };

  return (text) => {
    if (afterCr && text) {
      afterCr = false;
      if (text[0] === '\n') text = text.slice(1);
    }
    afterCr ||= text.endsWith('\r');
    const lines = (rest + text).split(/\r\n|\r|\n/);
    rest = lines.pop()!;
    lines.forEach(line);
  };
}
