// Read a list of formulas as JSON ({tex, display} each), write the list of their HTML with MathML, or of what is wrong with them.
const katex = require(process.argv[2]);

const typeset = ({ tex, display }) => {
  try {
    return { html: katex.renderToString(tex, { displayMode: display, strict: "error", throwOnError: true }) };
  } catch (error) {
    return { error: error.message };
  }
};

const formulas = JSON.parse(require("fs").readFileSync(0, "utf-8"));
process.stdout.write(JSON.stringify(formulas.map(typeset)));
