#include "bench/balance_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <iterator>
#include <system_error>

namespace permitd::bench {
namespace {

using Point = planner::PlaneTravel::Point;

constexpr double kSide = 800;
constexpr double kCurveHeight = 220;
constexpr double kMargin = 30;

/// The bounds of the map and of the curve, and where they fall on the page.
struct Frame {
  Point low;
  Point high;
  double left = kMargin;
  double top = kMargin;
  double width = kSide;
  double height = kSide;

  double x(double value) const { return left + (value - low.x) / span(low.x, high.x) * width; }
  double y(double value) const {
    return top + height - (value - low.y) / span(low.y, high.y) * height;
  }
  static double span(double from, double to) { return to > from ? to - from : 1; }
};

Frame frame_of(const std::vector<Point>& points) {
  Frame frame{points.front(), points.front()};
  for (const Point& point : points) {
    frame.low = {std::min(frame.low.x, point.x), std::min(frame.low.y, point.y)};
    frame.high = {std::max(frame.high.x, point.x), std::max(frame.high.y, point.y)};
  }
  return frame;
}

// As large as the page allows, a unit being as long to the east as to the north.
Frame map_frame_of(const std::vector<Point>& points) {
  Frame frame = frame_of(points);
  const double east = frame.high.x - frame.low.x;
  const double north = frame.high.y - frame.low.y;
  const double longest = std::max(east, north);
  if (longest <= 0) return frame;
  frame.width = kSide * east / longest;
  frame.height = kSide * north / longest;
  frame.left += (kSide - frame.width) / 2;
  frame.top += (kSide - frame.height) / 2;
  return frame;
}

void draw_routes(std::string& svg, const Picture& picture, const Frame& frame) {
  const auto at = [&](planner::Place place) {
    const Point& point = picture.points[static_cast<std::size_t>(place)];
    return fmt::format("{:.1f},{:.1f} ", frame.x(point.x), frame.y(point.y));
  };
  for (std::size_t p = 0; p < picture.measured.plan.routes.size(); ++p) {
    const auto& route = picture.measured.plan.routes[p];
    if (route.empty()) continue;
    const planner::Inspector& inspector = picture.problem.inspectors[p];
    std::string line;
    if (inspector.start != planner::kNowhere) line += at(inspector.start);
    for (const planner::PlannedVisit& planned : route) {
      line += at(picture.problem.visits[static_cast<std::size_t>(planned.visit)].place);
    }
    if (inspector.end != planner::kNowhere) line += at(inspector.end);
    // Hues a golden angle apart keep neighbours in the list distinct.
    const double hue = std::fmod(static_cast<double>(p) * 137.508, 360);
    svg += fmt::format(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"hsl({:.0f},65%,45%)\" "
        "stroke-width=\"1\"/>\n",
        line, hue);
  }
  for (const planner::Visit& visit : picture.problem.visits) {
    const Point& point = picture.points[static_cast<std::size_t>(visit.place)];
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"1.5\"/>\n", frame.x(point.x),
                       frame.y(point.y));
  }
}

void draw_curve(std::string& svg, const Picture& picture) {
  std::vector<Point> points;
  for (const CurvePoint& point : picture.measured.curve) {
    const auto cost = static_cast<double>(point.cost);
    const double height = picture.best_known > 0 ? 100 * (cost / picture.best_known - 1) : cost;
    points.push_back({point.seconds, height});
  }
  if (points.empty()) return;
  Frame frame = frame_of(points);
  if (picture.best_known > 0) frame.low.y = 0;
  frame.top = kSide + 2 * kMargin + 20;
  frame.height = kCurveHeight;
  std::string line;
  for (const Point& point : points) {
    line += fmt::format("{:.1f},{:.1f} ", frame.x(point.x), frame.y(point.y));
  }
  svg += fmt::format(
      "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#999\"/>\n"
      "<polyline points=\"{}\" fill=\"none\" stroke=\"#06c\" stroke-width=\"2\"/>\n",
      frame.left, frame.top, frame.width, frame.height, line);
  const char* unit = picture.best_known > 0 ? "% above the best known" : "cost";
  svg += fmt::format("<text x=\"{}\" y=\"{}\">{}: {:.2f} to {:.2f} in {:.1f} s</text>\n", kMargin,
                     frame.top - 8, unit, points.front().y, points.back().y, points.back().x);
}

}  // namespace

std::expected<void, std::string> write_svg(const std::filesystem::path& file,
                                           const Picture& picture) {
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "font-family=\"sans-serif\" font-size=\"14\">\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n<text x=\"{2}\" y=\"20\">{3}</text>\n",
      kSide + 2 * kMargin, kSide + kCurveHeight + 4 * kMargin, kMargin, picture.title);
  draw_routes(svg, picture, map_frame_of(picture.points));
  draw_curve(svg, picture);
  svg += "</svg>\n";
  errno = 0;
  std::ofstream out(file);
  out << svg;
  out.close();
  if (out) return {};
  const int reason = errno != 0 ? errno : EIO;
  return std::unexpected(
      fmt::format("{}: {}", file.string(), std::generic_category().message(reason)));
}

std::filesystem::path svg_of_instance(const std::filesystem::path& file,
                                      std::string_view instance) {
  std::string name = file.stem().string() + "-";
  // "C101 few" becomes "C101-few": a name that needs no quotes in a shell.
  std::ranges::replace_copy(instance, std::back_inserter(name), ' ', '-');
  return file.parent_path() / (name + file.extension().string());
}

}  // namespace permitd::bench
