// Has `Deno.serve(handler)` listen where DENO_SERVE_ADDRESS says, on the Denos that do not know that variable as well.
// The platform's is one of them. Imported before the file that serves; see function_command.ts.

const [, hostname = "", port] = /^tcp:([\d.]+):(\d+)$/.exec(Deno.env.get("DENO_SERVE_ADDRESS") ?? "") ?? [];
const serve = Deno.serve;
Object.assign(Deno, {
  serve: (handler: Deno.ServeHandler<Deno.NetAddr>) => serve({ hostname, port: Number(port) }, handler),
});
