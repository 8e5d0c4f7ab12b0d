// Serves the stand-in in a process of its own, so that it takes no time of the client's or the function's.
import { createStandIn, STAND_IN_VARIABLE } from "../stand_in.ts";

Deno.serve(createStandIn(JSON.parse(Deno.env.get(STAND_IN_VARIABLE) ?? "{}")));
