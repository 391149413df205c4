import { NAMESPACE } from "./cloudfront-xml.js";

/** A request as it came. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** What goes back. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export function xmlAnswer(status: number, body: string, etag?: string): Answer {
  return {
    status,
    headers: { "content-type": "text/xml", ...(etag === undefined ? {} : { etag }) },
    body: `<?xml version="1.0"?>\n${body}`,
  };
}

export function xmlError(status: number, code: string, message: string): Answer {
  return xmlAnswer(
    status,
    `<ErrorResponse ${NAMESPACE}><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>test</RequestId></ErrorResponse>`,
  );
}

export function jsonAnswer(status: number, value: unknown, etag?: string): Answer {
  return {
    status,
    headers: { "content-type": "application/json", ...(etag === undefined ? {} : { etag }) },
    body: JSON.stringify(value),
  };
}

export function jsonError(status: number, type: string, message: string): Answer {
  return {
    status,
    headers: { "content-type": "application/json", "x-amzn-errortype": type },
    body: JSON.stringify({ Message: message }),
  };
}

/** As the service checks it before each change. */
export function checkIfMatch({ headers }: Asked, etag: string): Answer | undefined {
  const given = headers["if-match"];
  if (given === undefined) {
    return xmlError(400, "InvalidIfMatchVersion", "The If-Match version is missing.");
  }
  return given === etag
    ? undefined
    : xmlError(412, "PreconditionFailed", "The precondition in one or more fields was false.");
}
