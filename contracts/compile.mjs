// Passes solc's standard JSON from stdin to stdout. `cargo xtask abi` builds the input and writes the artifacts;
// nothing is decided here.
import { readFileSync, writeSync } from "node:fs";
import solc from "solc";

const output = Buffer.from(solc.compile(readFileSync(0, "utf8")));
for (let sent = 0; sent < output.length; ) {
  sent += writeSync(1, output, sent);
}
