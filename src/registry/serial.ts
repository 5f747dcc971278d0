/** Work that must not overlap, in the order in which it was asked for. Used by DecoderAdmin. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  /** Does `work` when everything before it is done, whether that failed or not. */
  do<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}
