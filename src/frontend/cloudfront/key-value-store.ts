import type { CloudFrontKeyValueStoreClient } from "@aws-sdk/client-cloudfront-keyvaluestore";

import { awsError, awsErrorName } from "../aws-error.js";
import { nameOf } from "./inspect-distribution.js";
import { moveGuarded, versionOf, type PointerState } from "./move-guarded.js";
import type { Pointer } from "./pointer.js";

/**
 * A key of a key value store that our viewer-request function reads. Changes reach all edges within
 * seconds. Caches file answers under the folder, so that they never mix two releases.
 */
export class KeyValueStorePointer implements Pointer {
  readonly kind = "key-value-store";
  readonly place: string;
  readonly needsInvalidation = false;
  readonly #client: CloudFrontKeyValueStoreClient;
  readonly #arn: string;
  readonly #key: string;

  /** @param arn of the store. */
  constructor(client: CloudFrontKeyValueStoreClient, arn: string, key: string) {
    this.#client = client;
    this.#arn = arn;
    this.#key = key;
    this.place = `the key "${key}" of the key value store ${nameOf(arn)}`;
  }

  async read(): Promise<{ readonly folder: string | null; readonly version: string }> {
    const state = await this.#state();
    return { folder: state.folder, version: versionOf(state) };
  }

  async move(folder: string, version: string, progress: (text: string) => void): Promise<void> {
    const { UpdateKeysCommand } = await import("@aws-sdk/client-cloudfront-keyvaluestore");
    await moveGuarded(this.place, folder, version, {
      read: async () => await this.#state(),
      write: async (to, etag) => {
        try {
          // The one request that changes all it names or nothing.
          await this.#client.send(
            new UpdateKeysCommand({
              KvsARN: this.#arn,
              IfMatch: etag,
              Puts: [{ Key: this.#key, Value: to }],
            }),
          );
        } catch (error) {
          throw awsError(error, `writing ${this.place}`, {
            action: "cloudfront-keyvaluestore:UpdateKeys",
          });
        }
      },
    });
    progress(`${this.place} says ${folder}; the edges learn it within seconds`);
  }

  /** The version first: a change after that makes it too old, and is noticed. */
  async #state(): Promise<PointerState> {
    const { DescribeKeyValueStoreCommand, GetKeyCommand } =
      await import("@aws-sdk/client-cloudfront-keyvaluestore");
    try {
      const { ETag } = await this.#client.send(
        new DescribeKeyValueStoreCommand({ KvsARN: this.#arn }),
      );
      const folder = await this.#client
        .send(new GetKeyCommand({ KvsARN: this.#arn, Key: this.#key }))
        .then(
          ({ Value }) => Value ?? null,
          (error: unknown) => {
            if (awsErrorName(error) === "ResourceNotFoundException") {
              return null;
            }
            throw error;
          },
        );
      return { folder, etag: ETag ?? "" };
    } catch (error) {
      throw awsError(error, `reading ${this.place}`, {
        action: "cloudfront-keyvaluestore:DescribeKeyValueStore and GetKey",
      });
    }
  }
}
