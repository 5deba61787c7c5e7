/* Draws a plant from the data beside it: each part in the colour of its state, each device a link. */
import * as THREE from "./vendor/three/build/three.module.js";

const STEP = Math.PI / 12;
const DECIMETRE = 0.1;

class PlantPicture {
  constructor(place) {
    this.place = place;
    this.canvas = place.querySelector("canvas");
    this.labels = place.querySelector("ul.labels");
    this.renderer = new THREE.WebGLRenderer({
      canvas: this.canvas, antialias: true, preserveDrawingBuffer: true,
    });
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
    this.camera = new THREE.PerspectiveCamera(38, 1, 1, 2000);
    this.turn = -0.6;
    this.tilt = 0.42;
    this.near = 1;
    this.listen();
    this.build();
  }

  colour(name) {
    return new THREE.Color(getComputedStyle(this.place).getPropertyValue(`--${name}`).trim());
  }

  build() {
    this.data = JSON.parse(document.getElementById("plant-scene").textContent);
    this.scene = new THREE.Scene();
    this.scene.background = this.colour("sky");
    this.scene.add(new THREE.HemisphereLight(0xffffff, 0x8a948f, 2.2));
    const sun = new THREE.DirectionalLight(0xffffff, 1.4);
    sun.position.set(60, 120, 80);
    this.scene.add(sun);
    this.parts = this.data.bodies.map((body) => this.part(body));
    const box = new THREE.Box3();
    for (const part of this.parts) {
      this.scene.add(part);
      box.expandByObject(part);
    }
    if (box.isEmpty()) {
      box.set(new THREE.Vector3(-20, 0, -20), new THREE.Vector3(20, 20, 20));
    }
    this.middle = box.getCenter(new THREE.Vector3());
    this.reach = box.getBoundingSphere(new THREE.Sphere()).radius;
    this.addGround(box);
    this.addLabels();
    this.resize();
  }

  part(body) {
    const [width, height, depth] = body.size.map((length) => length * DECIMETRE);
    const state = this.data.states[body.of];
    const material = new THREE.MeshLambertMaterial({
      color: this.colour(body.kind === "flue" ? "wall" : `state-${state}`),
      transparent: body.kind === "plume",
      opacity: body.kind === "plume" ? 0.45 : 1,
    });
    const mesh = new THREE.Mesh(shape(body.kind, width, height, depth), material);
    const [x, y, z] = body.at.map((length) => length * DECIMETRE);
    mesh.position.set(x, y + (body.kind === "plume" ? height * 0.9 : height / 2), z);
    mesh.userData = { of: body.of, kind: body.kind, state };
    return mesh;
  }

  addGround(box) {
    const size = box.getSize(new THREE.Vector3());
    const ground = new THREE.Mesh(
      new THREE.BoxGeometry(size.x + 24, 1, size.z + 24),
      new THREE.MeshLambertMaterial({ color: this.colour("ground") }),
    );
    ground.position.set(this.middle.x, -0.5, this.middle.z);
    this.scene.add(ground);
  }

  addLabels() {
    const focused = document.activeElement?.dataset?.of;
    this.labels.replaceChildren(...this.data.devices.map((device) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = device.href;
      link.textContent = device.label;
      link.dataset.of = device.of;
      link.className = this.data.states[device.of];
      link.addEventListener("focus", () => this.highlight(device.of));
      link.addEventListener("blur", () => this.highlight(null));
      item.append(link);
      return item;
    }));
    if (focused) {
      this.labels.querySelector(`[data-of="${focused}"]`)?.focus({ preventScroll: true });
    }
  }

  highlight(of) {
    for (const part of this.parts) {
      part.material.emissive.setHex(of && part.userData.of === of ? 0x555555 : 0);
    }
    this.draw();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (width && height) {
      this.renderer.setSize(width, height, false);
      this.camera.aspect = width / height;
      this.camera.updateProjectionMatrix();
      this.draw();
    }
  }

  draw() {
    // the sphere around everything fits the narrower side of the picture
    const half = THREE.MathUtils.degToRad(this.camera.fov / 2);
    const narrow = Math.atan(Math.tan(half) * Math.min(this.camera.aspect, 1));
    const away = (this.reach / Math.sin(narrow)) * 1.02 * this.near;
    this.camera.position.set(
      this.middle.x + away * Math.cos(this.tilt) * Math.sin(this.turn),
      this.middle.y + away * Math.sin(this.tilt),
      this.middle.z + away * Math.cos(this.tilt) * Math.cos(this.turn),
    );
    this.camera.lookAt(this.middle);
    this.camera.updateMatrixWorld();
    this.renderer.render(this.scene, this.camera);
    this.placeLabels();
    this.canvas.dataset.drawn = JSON.stringify(Object.fromEntries(
      this.parts.filter((part) => part.userData.kind !== "flue")
        .map((part) => [part.userData.of, part.userData.state]),
    ));
    this.place.dataset.ready = String(this.parts.length);
  }

  placeLabels() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const taken = [];
    for (const link of this.labels.querySelectorAll("a")) {
      const part = this.parts.find((one) => one.userData.of === link.dataset.of);
      if (!part) {
        link.parentElement.hidden = true;
        continue;
      }
      const top = new THREE.Box3().setFromObject(part);
      const point = new THREE.Vector3(part.position.x, top.max.y, part.position.z);
      point.project(this.camera);
      const half = link.offsetWidth / 2;
      const x = Math.min(Math.max((point.x + 1) * width / 2, half + 2), width - half - 2);
      let y = Math.min(Math.max((1 - point.y) * height / 2 - 4, 24), height - 4);
      while (taken.some((one) => Math.abs(one.y - y) < 24 && Math.abs(one.x - x) < one.half + half)) {
        y -= 24;  // labels never cover one another: the later one moves up
        if (y < 24) {
          break;
        }
      }
      taken.push({ x, y, half });
      link.parentElement.style.left = `${x}px`;
      link.parentElement.style.top = `${Math.max(y, 24)}px`;
    }
  }

  under(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const at = new THREE.Vector2(
      (event.clientX - left) / width * 2 - 1, 1 - (event.clientY - top) / height * 2,
    );
    const ray = new THREE.Raycaster();
    ray.setFromCamera(at, this.camera);
    return ray.intersectObjects(this.parts)[0]?.object.userData.of ?? null;
  }

  open(of) {
    const link = this.labels.querySelector(`[data-of="${of}"]`);
    if (link) {
      window.location.assign(link.href);
    } else if (of) {
      document.getElementById(of)?.scrollIntoView({ block: "center" });
    }
  }

  listen() {
    let pressed = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      pressed = { x: event.clientX, y: event.clientY, moved: false };
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!pressed) {
        this.canvas.classList.toggle("pointing", this.under(event) !== null);
        return;
      }
      const [dx, dy] = [event.clientX - pressed.x, event.clientY - pressed.y];
      if (pressed.moved || Math.abs(dx) + Math.abs(dy) > 4) {
        this.look(-dx * 0.008, dy * 0.006);
        pressed = { x: event.clientX, y: event.clientY, moved: true };
      }
    });
    this.canvas.addEventListener("pointerup", (event) => {
      if (pressed && !pressed.moved) {
        this.open(this.under(event));
      }
      pressed = null;
    });
    for (const button of document.querySelectorAll("[data-look]")) {
      const [turn, tilt, near] = button.dataset.look.split(" ").map(Number);
      button.addEventListener("click", () => this.look(turn * STEP, tilt * STEP / 2, near));
    }
    new ResizeObserver(() => this.resize()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.build());
    document.body.addEventListener("htmx:afterSwap", () => this.build());
  }

  look(turn, tilt, near = 1) {
    this.turn += turn;
    this.tilt = Math.min(Math.max(this.tilt + tilt, 0.08), 1.45);
    this.near = Math.min(Math.max(this.near * near, 0.3), 2.5);
    this.draw();
  }
}

function shape(kind, width, height, depth) {
  if (kind === "stack") {
    return new THREE.CylinderGeometry(width * 0.36, width / 2, height, 28);
  }
  if (kind === "ring") {
    return new THREE.CylinderGeometry(width / 2, width / 2, height, 28);
  }
  if (kind === "plume") {
    return new THREE.SphereGeometry(width / 2, 24, 16);
  }
  return new THREE.BoxGeometry(width, height, depth);
}

const place = document.querySelector(".scene");
try {
  new PlantPicture(place);
} catch (error) {
  // no WebGL: the table says the same
  console.warn(error);
  place.querySelector("canvas").hidden = true;
  place.querySelector(".scene-failed").hidden = false;
  place.dataset.ready = "none";
}
