// hardhat-emergency/viewer-request@1
//
// A CloudFront Function (runtime cloudfront-js-2.0) that says which release of a site is served: it reads
// the release's folder from a key value store and puts it in front of what is asked for. The commands that
// switch releases recognise it by the line above, and read RELEASE_KEY from it. See docs/cloudfront.md.
//
// When the folder cannot be read, users get an error and never an old release: an old release may talk to
// an old contract.
import cf from "cloudfront";

// The key in the store whose value is the folder: "app/releases/0007-3f…".
const RELEASE_KEY = "release";

// True for a page with routes of its own: what has no ending like ".js" is given /index.html. CloudFront's
// own error pages do not come through here, so they cannot do this.
const SINGLE_PAGE = false;

const store = cf.kvs();

async function handler(event) {
  const request = event.request;
  let folder;
  try {
    folder = await store.get(RELEASE_KEY);
  } catch (error) {
    // Until a first release is served the key is not there, and what was served before goes on.
    return (await isMissing()) ? request : unavailable(error);
  }
  if (!/^[^/].*[^/]$/.test(folder)) {
    return unavailable("not a folder: " + folder);
  }
  request.uri = "/" + folder + fileOf(request.uri);
  return request;
}

function fileOf(uri) {
  const last = uri.slice(uri.lastIndexOf("/") + 1);
  if (SINGLE_PAGE && !last.includes(".")) {
    return "/index.html";
  }
  return last === "" ? uri + "index.html" : uri;
}

async function isMissing() {
  try {
    return !(await store.exists(RELEASE_KEY));
  } catch (error) {
    console.log("cannot look: " + error);
    return false;
  }
}

function unavailable(why) {
  console.log("no release: " + why);
  return {
    statusCode: 503,
    statusDescription: "Service Unavailable",
    headers: {
      "cache-control": { value: "no-store" },
      "retry-after": { value: "5" },
    },
  };
}
