import { Socket } from "node:net";

/** How long nothing may have been written to a lost connection before it counts as given up, in milliseconds. */
const quietMs = 20;

type Written = (error?: Error | null) => void;

class LingeringSocket extends Socket {
  #lost = false;
  #used = false;

  constructor(private readonly lingers: () => boolean) {
    super();
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event !== "close" || !this.lingers()) return super.emit(event, ...args);
    this.#lost = true;
    this.#refuse();
    this.#whenGivenUp(() => super.emit(event, ...args));
    return true;
  }

  override write(data: string | Uint8Array, encoding?: BufferEncoding | Written, written?: Written): boolean {
    if (!this.#lost) {
      return typeof encoding === "function"
        ? super.write(data, encoding)
        : super.write(data, encoding, written);
    }
    this.#used = true;
    setImmediate(() => this.#refuse());
    return true;
  }

  #refuse(): void {
    super.emit("error", new Error("the connection to the database was lost"));
  }

  #whenGivenUp(end: () => void): void {
    this.#used = false;
    setTimeout(() => this.#used && this.lingers() ? this.#whenGivenUp(end) : end(), quietMs);
  }
}

/**
 * Connections to a database for the `postgres` driver (3.4.9), as its option `socket` takes them. The driver forgets a
 * connection as soon as that is closed, and then throws, in a timer that ends the process, at the next statement of a
 * transaction on it, the rollback among them. So where the server goes away, these refuse what is under way and what is
 * still written to them, and tell that they are closed only once nobody writes any more.
 */
export function createLingeringSockets() {
  let lingers = true;
  return {
    /** An option of the driver: opens a connection to the server that the other options name. */
    socket({ host, port }: { host: string[]; port: number[] }): Socket {
      const [firstHost = "127.0.0.1"] = host;
      const [firstPort = 5432] = port;
      return new LingeringSocket(() => lingers).connect(firstPort, firstHost);
    },
    /** From now on a closed connection is told to be closed at once: nothing is under way any more. */
    letGo(): void {
      lingers = false;
    },
  };
}
