// What Deno loads for the first CommonJS module, whatever is in it (imports.ts).
module.exports = {};
