/*
 * As much XML as the proxy needs: answers of CloudFront are flat enough to be read and changed as text.
 */

export const NAMESPACE = 'xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"';

/** What is inside the first element of this name; undefined when there is none. */
export function inside(xml: string, name: string): string | undefined {
  if (new RegExp(`<${name}( [^>]*)?/>`).test(xml)) {
    return "";
  }
  return new RegExp(`<${name}(?: [^>]*)?>([^]*?)</${name}>`).exec(xml)?.[1];
}

/** The texts of all elements of this name. */
export function allInside(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?: [^>]*)?>([^]*?)</${name}>`, "g"))].map(
    ([, text]) => text ?? "",
  );
}

/** The same document with another content of an element, which it gets when it has none. */
export function withInside(xml: string, name: string, content: string | undefined): string {
  const without = xml.replace(
    new RegExp(`<${name}(?: [^>]*)?/>|<${name}(?: [^>]*)?>[^]*?</${name}>`),
    "",
  );
  return content === undefined ? without : `${without}<${name}>${content}</${name}>`;
}

/** The same document with another content of an element where that stands. */
export function replaced(xml: string, name: string, content: string): string {
  return xml.replace(
    new RegExp(`(<${name}(?: [^>]*)?>)[^]*?(</${name}>)`),
    (_, open: string, close: string) => `${open}${content}${close}`,
  );
}

export function unescaped(text: string): string {
  return text
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&apos;/g, "'")
    .replace(/&amp;/g, "&");
}
