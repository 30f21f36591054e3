#include "admin/assets.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

using namespace secondwind::admin;
using testing::HasSubstr;

TEST(admin_assets, have_the_page_and_what_it_needs) {
    auto const* page = find_asset("/");
    ASSERT_NE(page, nullptr);
    EXPECT_EQ(page->content_type, "text/html; charset=utf-8");
    // Every file that the page refers to must exist, or the page is broken.
    std::string const html{page->bytes};
    std::size_t named = 0;
    for (auto at = html.find("/assets/"); at != html.npos; at = html.find("/assets/", at + 1)) {
        auto const path = html.substr(at, html.find_first_of("\"'", at) - at);
        EXPECT_NE(find_asset(path), nullptr) << path;
        ++named;
    }
    EXPECT_GT(named, 0U);
}

TEST(admin_assets, are_the_bytes_of_their_files) {
    auto const* file = find_asset("/assets/vendor/uplot/uPlot.esm.js");
    ASSERT_NE(file, nullptr);
    EXPECT_EQ(file->content_type, "text/javascript; charset=utf-8");
    std::ifstream in{SECONDWIND_TEST_DATA "/../../assets/dashboard/vendor/uplot/uPlot.esm.js",
                     std::ios::binary};
    std::string const bytes{std::istreambuf_iterator<char>{in}, {}};
    ASSERT_FALSE(bytes.empty());
    EXPECT_TRUE(file->bytes == bytes);
}

TEST(admin_assets, tell_what_they_are_by_their_names) {
    using testing::StrEq;
    EXPECT_EQ(find_asset("/assets/favicon.svg")->content_type, "image/svg+xml");
    EXPECT_EQ(find_asset("/assets/vendor/uplot/uPlot.min.css")->content_type,
              "text/css; charset=utf-8");
    EXPECT_EQ(find_asset("/assets/vendor/uplot/LICENSE")->content_type,
              "text/plain; charset=utf-8");
}

TEST(admin_assets, are_found_by_their_whole_path_only) {
    for (auto const* path : {"", "/index.html", "/assets", "/assets/", "/assets/index.html",
                             "/assets/../assets/favicon.svg", "/assets//favicon.svg",
                             "/favicon.svg", "/assets/vendor/uplot/README.md"})
        EXPECT_EQ(find_asset(path), nullptr) << path;
}

TEST(admin_assets, are_not_sent_to_who_has_them) {
    auto const& page = *find_asset("/");
    auto const fresh = asset_reply(page, "");
    EXPECT_EQ(fresh.status, 200);
    EXPECT_EQ(fresh.body, page.bytes);
    EXPECT_EQ(fresh.etag, page.etag);
    for (auto const& known : {std::string{page.etag}, "W/" + std::string{page.etag},
                              "\"other\", " + std::string{page.etag}, std::string{"*"}}) {
        auto const kept = asset_reply(page, known);
        EXPECT_EQ(kept.status, 304) << known;
        EXPECT_EQ(kept.body, "");
        EXPECT_EQ(kept.etag, page.etag);
    }
    EXPECT_EQ(asset_reply(page, "\"other\"").status, 200);
}

TEST(admin_assets, have_versions_of_their_own) {
    EXPECT_NE(find_asset("/")->etag, find_asset("/assets/favicon.svg")->etag);
    EXPECT_THAT(std::string{find_asset("/")->etag}, testing::MatchesRegex("\"[0-9a-f]{32}\""));
}
