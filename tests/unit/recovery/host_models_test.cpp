#include <secondwind/recovery/host_models.hpp>

#include <gmock/gmock.h>

#include <string>

using namespace secondwind;
using namespace secondwind::recovery;
using namespace std::chrono_literals;
using lmstudio::instance;
using lmstudio::match;
using lmstudio::model_kind;
using lmstudio::requested_model;
using testing::ElementsAre;
using testing::IsEmpty;

namespace host_models_test {

// A request that names a model.
struct request {
    explicit request(std::string const& name, model_kind kind = model_kind::llm)
        : body{R"({"model":")" + name + R"("})"}, use{model, kind} {}
    std::string body;
    requested_model model{body};
    claim use;
};

instance loaded(std::string id, std::uint64_t size = 0) {
    instance i;
    i.model = id.substr(0, id.find(':'));
    i.id = std::move(id);
    i.size_bytes = size;
    i.kind = model_kind::llm;
    return i;
}

struct models_of_a_host : testing::Test {
    host_models models;
    host_models::time_point now{1h};

    void list(lmstudio::inventory all, std::vector<std::string> const& unloaded = {}) {
        std::vector<lmstudio::model_on_disk> on_disk;
        for (auto const& key : unloaded)
            on_disk.push_back({key, 9, model_kind::llm});
        models.listed(std::move(all), std::move(on_disk), now);
    }
    std::vector<std::string> ids() const {
        std::vector<std::string> found;
        for (auto const& each : models.all().loaded)
            found.push_back(each.id);
        return found;
    }
};

TEST_F(models_of_a_host, are_not_known_before_the_first_listing) {
    EXPECT_FALSE(models.known());
    request r{"a"};
    models.answered(r.use, now);
    models.ended(r.use, now);
    models.not_listed(now);
    EXPECT_FALSE(models.known());
    EXPECT_EQ(models.use_of("a"), nullptr);
    list({});
    EXPECT_TRUE(models.known());
}

TEST_F(models_of_a_host, are_known_for_a_body_that_begins_as_another_without_reading_it) {
    list({loaded("a"), loaded("b")});
    request first{"a"};
    EXPECT_EQ(models.serving(first.use)->id, "a");
    models.note_answer(first.model, now);

    request second{"a"};
    EXPECT_EQ(models.serving(second.use)->id, "a");
    EXPECT_FALSE(second.model.is_read());
    now += 59s;
    models.note_answer(second.model, now);
    EXPECT_FALSE(second.model.is_read());

    request third{"a"};
    EXPECT_TRUE(models.answered_alike(third.model, now + 59s));
    EXPECT_TRUE(models.answered_lately("a", now + 59s));
    request other{"b"};
    EXPECT_EQ(models.serving(other.use)->id, "b");
    EXPECT_TRUE(other.model.is_read());
}

TEST_F(models_of_a_host, that_serve_a_name_of_none_depend_on_the_kind_and_on_the_listing) {
    auto embeds = loaded("e");
    embeds.kind = model_kind::embedding;
    list({loaded("a"), embeds});
    request chat{"anything"};
    request embedding{"anything", model_kind::embedding};
    EXPECT_EQ(models.serving(chat.use)->id, "a");
    EXPECT_EQ(models.serving(embedding.use)->id, "e");
    list({loaded("b"), embeds});
    EXPECT_EQ(models.serving(chat.use)->id, "b");
    EXPECT_EQ(models.serving(embedding.use)->id, "e");
}

TEST_F(models_of_a_host, tell_when_they_were_asked_for_whether_there_was_an_answer_or_not) {
    EXPECT_FALSE(models.asked_within(1min, now));
    models.not_listed(now);
    EXPECT_TRUE(models.asked_within(1min, now + 1min - 1ns));
    EXPECT_FALSE(models.asked_within(1min, now + 1min));
    now += 1h;
    list({});
    EXPECT_TRUE(models.asked_within(1min, now));
}

TEST_F(models_of_a_host, count_the_bytes_that_are_loaded_on_the_host_itself) {
    auto remote = loaded("far", 40);
    remote.device = "another machine";
    list({loaded("a", 3), loaded("a:2", 3), remote}, {"b"});
    EXPECT_EQ(models.bytes_loaded(), 6U);
}

TEST_F(models_of_a_host, know_sizes_loaded_or_not) {
    list({loaded("a:2", 3)}, {"b"});
    EXPECT_EQ(models.size_of("a"), 3U);
    EXPECT_EQ(models.size_of("b"), 9U);
    EXPECT_EQ(models.size_of("c"), 0U);
    EXPECT_FALSE(models.is_unloaded("a"));
    EXPECT_TRUE(models.is_unloaded("b"));
    EXPECT_FALSE(models.is_unloaded("c"));
}

TEST_F(models_of_a_host, resolve_a_name_again_only_after_another_listing) {
    request r{"a"};
    list({loaded("a")}, {"b"});
    EXPECT_EQ(models.resolve(r.use).key, "a");
    auto const generation = r.use.generation;
    list({loaded("a")}, {"b"});
    models.resolve(r.use);
    EXPECT_EQ(r.use.generation, generation);
    list({loaded("b")}, {"a"});
    EXPECT_EQ(models.resolve(r.use).instance_id, "");
    EXPECT_NE(r.use.generation, generation);
}

TEST_F(models_of_a_host, serve_a_request_by_its_instance_its_model_or_the_only_one_loaded) {
    list({loaded("a"), loaded("a:2")}, {"b"});
    request by_id{"a:2"}, by_key{"A"}, cold{"b"}, alias{"gpt-4"};
    EXPECT_EQ(models.serving(by_id.use)->id, "a:2");
    EXPECT_EQ(models.serving(by_key.use)->id, "a");
    EXPECT_EQ(models.serving(cold.use), nullptr);
    EXPECT_EQ(models.serving(alias.use)->id, "a");
    list({loaded("a"), loaded("b")});
    EXPECT_EQ(models.serving(alias.use), nullptr);
}

TEST_F(models_of_a_host, serve_a_request_whose_load_was_refused_by_none_that_it_does_not_name) {
    list({loaded("a")});
    request alias{"b"}, nameless{""}, named{"a"};
    EXPECT_EQ(models.serving(alias.use)->id, "a");
    EXPECT_EQ(models.serving(nameless.use)->id, "a");
    models.load_refused(alias.use);
    models.load_refused(nameless.use);
    EXPECT_EQ(models.serving(alias.use), nullptr);
    EXPECT_EQ(models.serving(nameless.use), nullptr);
    EXPECT_THAT(ids(), ElementsAre("a"));
    models.load_refused(named.use);
    EXPECT_THAT(ids(), IsEmpty());
    list({loaded("a")});
    EXPECT_EQ(models.serving(alias.use), nullptr);
    list({loaded("a"), loaded("b")});
    EXPECT_EQ(models.serving(alias.use)->id, "b");
}

TEST_F(models_of_a_host, lose_each_instance_that_could_have_served_a_refused_request) {
    list({loaded("a"), loaded("a:2"), loaded("b")});
    request by_id{"a:2"}, by_key{"a"};
    models.load_refused(by_id.use);
    EXPECT_THAT(ids(), ElementsAre("a", "b"));
    list({loaded("a"), loaded("a:2"), loaded("b")});
    models.load_refused(by_key.use);
    EXPECT_THAT(ids(), ElementsAre("b"));
    for (auto const* other : {"a", "b"}) {
        list({loaded("a:2"), loaded(other)});
        request gone{"a:2"};
        models.not_found(gone.use);
        EXPECT_THAT(ids(), ElementsAre(other));
    }
    list({loaded("a"), loaded("a:2")});
    request all_gone{"a"};
    models.not_found(all_gone.use);
    EXPECT_THAT(ids(), IsEmpty());
}

TEST_F(models_of_a_host, lack_a_refused_model_that_they_do_not_list_unless_it_was_answered_since) {
    list({loaded("a")});
    request before{"b"}, refused{"b"}, late{"b"};
    models.answered(before.use, now);
    refused.use.use_began = now + 1s;
    models.load_refused(refused.use);
    EXPECT_FALSE(models.answered_lately("b", now + 1s));
    models.answered(before.use, now + 2s);
    late.use.use_began = now + 1s;
    models.load_refused(late.use);
    EXPECT_TRUE(models.answered_lately("b", now + 2s));
}

TEST_F(models_of_a_host, keep_what_was_loaded_after_a_request_was_sent_that_is_refused) {
    list({}, {"b"});
    request first{"b"}, second{"b"}, later{"b"};
    first.use.load_began = now;
    second.use.load_began = now;
    EXPECT_FALSE(models.loaded_since(second.use));
    models.answered(first.use, now + 5s);
    later.use.load_began = now + 6s;
    EXPECT_TRUE(models.loaded_since(second.use));
    models.load_refused(second.use);
    EXPECT_THAT(ids(), ElementsAre("b"));
    EXPECT_FALSE(models.loaded_since(later.use));
    models.load_refused(later.use);
    EXPECT_THAT(ids(), IsEmpty());
}

TEST_F(models_of_a_host, count_a_model_as_loaded_once_a_request_for_it_is_answered) {
    list({loaded("a", 3)}, {"b"});
    request r{"b"};
    r.use.load_began = now;
    models.answered(r.use, now + 5s);
    EXPECT_THAT(ids(), ElementsAre("a", "b"));
    EXPECT_FALSE(models.is_unloaded("b"));
    EXPECT_EQ(models.bytes_loaded(), 12U);
    EXPECT_TRUE(models.all().loaded.back().jit);
    auto const* const use = models.use_of("b");
    ASSERT_NE(use, nullptr);
    EXPECT_EQ(use->loaded, now + 5s);
    EXPECT_EQ(use->load, 5s);
    EXPECT_EQ(models.serving(r.use)->id, "b");
}

TEST_F(models_of_a_host, are_not_known_any_more_once_they_are_forgotten) {
    list({loaded("a")}, {"b"});
    request r{"a"};
    models.answered(r.use, now);
    models.forget();
    EXPECT_FALSE(models.known());
    EXPECT_FALSE(models.lists_all());
    EXPECT_FALSE(models.asked_within(1min, now));
    EXPECT_FALSE(models.answered_lately("a", now));
    EXPECT_EQ(models.serving(r.use), nullptr);
    list({}, {"a", "b"});
    EXPECT_EQ(models.serving(r.use), nullptr);
    EXPECT_EQ(models.resolve(r.use).key, "a");
}

TEST_F(models_of_a_host, lack_what_the_host_has_not_found_for_a_request) {
    list({loaded("a"), loaded("b")});
    request listed{"a"}, alias{"gpt-4"};
    models.answered(listed.use, now);
    models.answered(alias.use, now);
    models.not_found(alias.use);
    EXPECT_FALSE(models.answered_lately("gpt-4", now));
    EXPECT_THAT(ids(), ElementsAre("a", "b"));
    EXPECT_TRUE(models.answered_lately("a", now));
    models.not_found(listed.use);
    EXPECT_FALSE(models.answered_lately("a", now));
    EXPECT_THAT(ids(), ElementsAre("b"));
}

TEST_F(models_of_a_host, were_answered_for_within_a_time_of_at_most_a_minute) {
    request r{"a"};
    models.answered(r.use, now);
    EXPECT_TRUE(models.answered_within(10s, "a", now + 10s - 1ns));
    EXPECT_FALSE(models.answered_within(10s, "a", now + 10s));
    EXPECT_FALSE(models.answered_within(0s, "a", now));
    EXPECT_TRUE(models.answered_within(1h, "a", now + 1min - 1ns));
    EXPECT_FALSE(models.answered_within(1h, "a", now + 1min));
}

TEST_F(models_of_a_host, remember_that_a_request_has_loaded_an_instance_as_long_as_it_is_listed) {
    list({}, {"a"});
    request r{"a"};
    models.answered(r.use, now);
    list({loaded("a")});
    EXPECT_TRUE(models.all().loaded.front().jit);
    ASSERT_NE(models.use_of("a"), nullptr);
    // A listing that was asked for before the load had ended.
    list({}, {"a"});
    ASSERT_NE(models.use_of("a"), nullptr);
    now += 2s;
    list({}, {"a"});
    EXPECT_EQ(models.use_of("a"), nullptr);
    list({loaded("a")}); // by somebody else
    EXPECT_FALSE(models.all().loaded.front().jit);
}

TEST_F(models_of_a_host, remember_which_instance_a_request_has_named) {
    list({loaded("a"), loaded("a:2"), loaded("b")});
    for (auto const* name : {"a", "a:2", "B"}) {
        request r{name};
        models.answered(r.use, now);
    }
    EXPECT_FALSE(models.use_of("a")->named); // that is the key
    EXPECT_TRUE(models.use_of("a:2")->named);
    EXPECT_FALSE(models.use_of("b")->named);
}

TEST_F(models_of_a_host, remember_when_the_last_request_for_an_instance_ended) {
    list({loaded("a")}, {"b"});
    request r{"a"}, cold{"b"};
    models.ended(r.use, now);
    models.ended(cold.use, now);
    EXPECT_EQ(models.use_of("a")->idle_since, now);
    EXPECT_EQ(models.use_of("b"), nullptr);
}

TEST_F(models_of_a_host, know_for_a_minute_which_names_were_answered) {
    request r{"alias"};
    models.answered(r.use, now);
    EXPECT_TRUE(models.answered_lately("alias", now + 1min - 1ns));
    EXPECT_FALSE(models.answered_lately("alias", now + 1min));
    EXPECT_FALSE(models.answered_lately("a", now));
    models.unloaded("anything");
    EXPECT_FALSE(models.answered_lately("alias", now));
}

// Somebody else has unloaded it.
TEST_F(models_of_a_host, are_cold_again_once_a_listing_shows_that_they_are_unloaded) {
    list({loaded("a"), loaded("b")});
    for (std::string const name : {"a", "alias"}) {
        request r{name};
        models.note_answer(r.model, now);
    }
    request last{"b"};
    models.resolve(last.use);
    EXPECT_TRUE(last.model.is_read());
    models.note_answer(last.model, now);

    now += 1s; // The listing may have been on its way when they were loaded.
    list({}, {"a", "b"});
    EXPECT_TRUE(models.answered_lately("a", now));
    EXPECT_TRUE(models.answered_lately("b", now));

    now += 1s;
    list({}, {"a", "b"});
    EXPECT_FALSE(models.answered_lately("a", now));
    EXPECT_TRUE(models.answered_lately("alias", now));
    request next{"b"};
    EXPECT_FALSE(models.answered_alike(next.model, now));
}

TEST_F(models_of_a_host, remember_a_bounded_number_of_names) {
    for (int i = 0; i <= 256; ++i) {
        request r{std::to_string(i)};
        models.answered(r.use, now);
    }
    EXPECT_FALSE(models.answered_lately("0", now));
    EXPECT_TRUE(models.answered_lately("256", now));
}

TEST_F(models_of_a_host, put_a_model_that_is_unloaded_back_on_the_disk) {
    list({loaded("a", 3), loaded("a:2", 3)}, {"b"});
    request r{"a:2"};
    models.answered(r.use, now);
    models.unloaded("a:2");
    EXPECT_THAT(ids(), ElementsAre("a"));
    EXPECT_FALSE(models.is_unloaded("a"));    // another instance is left
    EXPECT_NE(models.use_of("a:2"), nullptr); // until a listing says so
    models.unloaded("a");
    EXPECT_TRUE(models.is_unloaded("a"));
    EXPECT_EQ(models.size_of("a"), 3U);
    models.unloaded("a");
    EXPECT_EQ(models.all().unloaded.size(), 2U);
}

TEST_F(models_of_a_host, know_a_body_that_begins_like_one_that_was_answered) {
    request r{"a"}, alike{"a"}, other{"b"};
    EXPECT_FALSE(models.answered_alike(alike.model, now));
    models.answered(r.use, now);
    EXPECT_TRUE(models.answered_alike(alike.model, now + 1min - 1ns));
    EXPECT_FALSE(models.answered_alike(alike.model, now + 1min));
    EXPECT_FALSE(models.answered_alike(other.model, now));
}

} // namespace host_models_test
