import type { Stack } from "../../stack/stack.ts";
import type { Step } from "../steps.ts";
import type { Books } from "./books.ts";
import type { Client } from "./drill_client.ts";
import type { Provider } from "./drill_provider.ts";

/** What every act of the drill plays on. */
export type Stage = {
  step: Step;
  client: Client;
  provider: Provider;
  books: Books;
  reconfigure: Stack["reconfigure"];
};
