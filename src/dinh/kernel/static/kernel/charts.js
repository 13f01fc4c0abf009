// Lines over time, on pages with a picture only. What to draw stands in the page as JSON: `labels` (one for each moment),
// `axes` (their words), `lines` with `name`, `values`, `look` and, for the axis at the right, `axis: 1`. Looks differ in
// shape, too: bars, dashes, marks, so that nobody needs the colours. A part of a page that comes anew is drawn anew.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

echarts.use([BarChart, LineChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

const marked = (color, symbol, type) => ({
  type: "line",
  symbol,
  symbolSize: 7,
  itemStyle: { color },
  lineStyle: { color, width: 2, type },
});
const LOOKS = {
  calls: (colours) => ({ type: "bar", itemStyle: { color: colours.calls } }),
  failed: (colours) => marked(colours.failed, "diamond", "dashed"),
  slow: (colours) => marked(colours.text, "circle", "solid"),
};

function optionOf(data, element) {
  const style = getComputedStyle(element);
  const named = (name) => style.getPropertyValue(name).trim();
  const colours = { calls: named("--tblr-blue"), failed: named("--tblr-red"), text: style.color };
  const text = { color: style.color, fontFamily: style.fontFamily };
  const number = new Intl.NumberFormat(document.documentElement.lang || "vi");
  const axes = data.axes.map((name, index) => ({
    type: "value",
    name,
    minInterval: index ? 0 : 1,
    nameTextStyle: { ...text, align: index ? "right" : "left" },
    axisLabel: { ...text, formatter: (value) => number.format(value) },
    splitLine: { show: !index, lineStyle: { color: colours.text, opacity: 0.15 } },
  }));
  return {
    animation: false,
    textStyle: text,
    grid: { left: 8, right: 8, top: 72, bottom: 8, containLabel: true },
    legend: { top: 0, left: 0, textStyle: text },
    // Drawn, since a tooltip of HTML would need styles that the pages' policy refuses.
    tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: (value) => (value == null ? "–" : number.format(value)) },
    xAxis: { type: "category", data: data.labels, axisLabel: { ...text, hideOverlap: true } },
    yAxis: axes,
    series: data.lines.map((line) => ({
      name: line.name,
      data: line.values,
      yAxisIndex: line.axis ?? 0,
      ...LOOKS[line.look](colours),
    })),
  };
}

function draw() {
  document.querySelectorAll("[data-chart]").forEach((element) => {
    const source = document.getElementById(element.dataset.chart);
    if (!source) return;
    element.hidden = false;
    const chart = echarts.getInstanceByDom(element) ?? echarts.init(element);
    chart.setOption(optionOf(JSON.parse(source.textContent), element));
  });
}

draw();
document.body.addEventListener("htmx:afterSettle", draw);
new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
window.addEventListener("resize", () => {
  document.querySelectorAll("[data-chart]").forEach((element) => echarts.getInstanceByDom(element)?.resize());
});
