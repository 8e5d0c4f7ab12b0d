/** Sends bytes to a local server as they are and gives all that it answers, for headers that `fetch` would not send. */
export async function rawRequest(url: string, lines: string[], body = ""): Promise<string> {
  const { hostname, port } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const head = [...lines, "Connection: close", "", ""].join("\r\n");
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(head + body));
  return await new Response(connection.readable).text();
}
