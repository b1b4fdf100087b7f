// The camera: one picture to be read as a file, or all that it sees, read as it comes.

import { token } from "./api.js";

const $ = (id) => document.getElementById(id);
const MAX_SIDE = 1280;
const PAUSE = 120; // milliseconds between two frames; the service reads the newest and drops the rest

export class Camera {
  // `take(file)` gets a picture; `tell(text)` what went wrong.
  constructor(take, tell) {
    this.take = take;
    this.tell = tell;
    $("camera-close").addEventListener("click", () => this.close());
    $("camera").addEventListener("close", () => this.stop());
    $("shoot").addEventListener("click", () => this.shoot());
    $("live").addEventListener("click", () => (this.socket ? this.endLive() : this.startLive()));
  }

  async open() {
    try {
      const wanted = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };
      this.stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
    } catch (error) {
      const secure = window.isSecureContext ? "" : " Browsers give it to pages of this machine or of https only.";
      this.tell(`The camera cannot be used: ${error.message ?? error}.${secure}`);
      return;
    }
    $("video").srcObject = this.stream;
    $("camera").showModal();
  }

  close() {
    $("camera").close();
  }

  stop() {
    this.endLive();
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }

  frame(side, quality) {
    const video = $("video");
    const scale = Math.min(1, side / Math.max(video.videoWidth, video.videoHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
  }

  async shoot() {
    const blob = await this.frame(4000, 0.95);
    this.close();
    if (blob) this.take(new File([blob], `camera-${new Date().toISOString().slice(0, 19).replaceAll(":", ".")}.jpg`));
  }

  startLive() {
    const address = new URL("/api/live", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    this.socket = socket;
    $("live").setAttribute("aria-pressed", "true");
    socket.onopen = async () => {
      socket.send(JSON.stringify({ token: token() }));
      while (this.socket === socket && socket.readyState === WebSocket.OPEN) {
        if (socket.bufferedAmount === 0 && $("video").videoWidth) {
          const blob = await this.frame(MAX_SIDE, 0.8);
          if (blob && socket.readyState === WebSocket.OPEN) socket.send(blob);
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    };
    socket.onmessage = (event) => this.draw(JSON.parse(event.data));
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      const reasons = { 1008: "the token is missing or wrong", 1013: "all places for live cameras are taken" };
      this.tell(`Live reading ended: ${reasons[event.code] ?? "the line broke off"}.`);
      this.endLive();
    };
  }

  endLive() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    $("live").setAttribute("aria-pressed", "false");
    $("live-text").textContent = "";
    const canvas = $("overlay");
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  }

  draw(answer) {
    if (!this.socket) return;
    if (answer.error) {
      $("live-text").textContent = answer.error.message;
      return;
    }
    const canvas = $("overlay");
    canvas.width = answer.width;
    canvas.height = answer.height;
    const pen = canvas.getContext("2d");
    pen.font = `600 ${Math.max(12, answer.height / 40)}px system-ui`;
    pen.lineWidth = 2;
    for (const { text, confidence, quad } of answer.words) {
      pen.strokeStyle = confidence >= 0.5 ? "#4c9aff" : "#ff9f43";
      pen.beginPath();
      quad.forEach(([x, y], index) => (index ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      pen.closePath();
      pen.stroke();
      pen.fillStyle = "#000b";
      const [x, y] = quad[0];
      pen.fillRect(x, y - answer.height / 36, pen.measureText(text).width + 6, answer.height / 36);
      pen.fillStyle = "#fff";
      pen.fillText(text, x + 3, y - answer.height / 150);
    }
    const seconds = (answer.ms / 1000).toFixed(2);
    $("live-text").textContent = `${answer.words.length} words in ${seconds} s: ${answer.words.map((w) => w.text).join(" ")}`;
    $("live-text").dataset.frame = answer.frame;
  }
}
