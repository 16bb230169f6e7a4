// An app of the CDK with what `check` reads: functions with roles, a nested stack, a policy of its own, an asset.
// `node app.js OUT broken|fixed` writes the cloud assembly to OUT.
const cdk = require("aws-cdk-lib");
const iam = require("aws-cdk-lib/aws-iam");
const lambda = require("aws-cdk-lib/aws-lambda");

const [outdir, version] = process.argv.slice(2);
const app = new cdk.App({ outdir, analyticsReporting: false });
const env = { account: "111122223333", region: "us-west-2" };
const profile = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const model = "anthropic.claude-sonnet-4-5-20250929-v1:0";

function addFunction(scope, id, resources) {
  const made = new lambda.Function(scope, id, {
    runtime: lambda.Runtime.NODEJS_22_X,
    handler: "index.handler",
    code: lambda.Code.fromAsset(__dirname, { exclude: ["node_modules", "cdk.out*"] }),
    environment: { MODEL_ID: profile },
  });
  made.addToRolePolicy(new iam.PolicyStatement({
    actions: ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
    resources,
  }));
}

const stack = new cdk.Stack(app, "Chat", { env });
const own = stack.formatArn({ service: "bedrock", resource: "inference-profile", resourceName: profile });
const models = `arn:${stack.partition}:bedrock:*::foundation-model/${model}`;
addFunction(stack, "Answer", version === "fixed" ? [own, models] : [own]);
const nested = new cdk.NestedStack(stack, "Nested");
addFunction(nested, "Summarize", [own, models]);
app.synth();
