/* From disk a browser starts no worker, and the search is one. Then a hidden frame takes its place: it runs the same
   script, and messages go to and fro. On a server, workers stay as they are. */
(function () {
  if (location.protocol !== "file:") return;
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "search";
      document.body.append(frame);
      const room = frame.contentWindow;
      const page = frame.contentDocument;
      const waiting = [];
      let ready = false;
      room.postMessage = (data) => setTimeout(() => this.dispatchEvent(new MessageEvent("message", { data })));
      this.terminate = () => frame.remove();
      this.postMessage = (data) => {
        if (!ready) waiting.push(data);
        else setTimeout(() => room.dispatchEvent(new room.MessageEvent("message", { data })));
      };
      const script = page.createElement("script");
      script.src = new URL(url, location.href);
      script.onload = () => {
        ready = true;
        waiting.forEach(this.postMessage);
      };
      script.onerror = (event) => this.dispatchEvent(new ErrorEvent("error", event));
      page.body.append(script);
    }
  };
})();
